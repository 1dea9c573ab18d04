/** Problems by owner: who has how many, each with the worst of them. */
import { Button, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type ProblemListParams, problemsQuery } from "../../api/queries";
import type { FacetValue } from "../../api/types";
import { count } from "../../lib/time";
import type { ProblemsSearch } from "../../router";
import { EntityLink } from "../../ui/EntityLink";
import c from "../../ui/list.module.css";
import { Bones, Failure } from "../../ui/parts";
import b from "./byowner.module.css";
import { ProblemItem } from "./ProblemItem";

/** Opened from the start, so that the page says something at once. */
const OPEN = 3;
const FIRST = 5;

type Props = { owners: readonly FacetValue[]; query: ProblemListParams; search: ProblemsSearch };

export function ByOwner({ owners, query, search }: Props) {
  const chosen = query.owner;
  const shown = chosen
    ? owners.filter((o) => chosen.some((ref) => ref.toLowerCase() === o.value.toLowerCase()))
    : owners;
  // What belongs to nobody comes last, whatever its number.
  const ordered = [...shown.filter((o) => o.value !== "none"), ...shown.filter((o) => o.value === "none")];
  return (
    <div className={b.groups}>
      {ordered.map((owner, i) => (
        <Group key={owner.value} owner={owner} query={query} search={search} first={i < OPEN} />
      ))}
    </div>
  );
}

function Group(props: { owner: FacetValue; query: ProblemListParams; search: ProblemsSearch; first: boolean }) {
  const { owner, search } = props;
  const [open, setOpen] = useState(props.first);
  const name = owner.value === "none" ? "No owner" : owner.label;
  return (
    <section aria-label={name} className={b.group}>
      <div className={b.head}>
        <h2 className={b.name}>
          <UnstyledButton className={b.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? (
              <IconChevronDown className="icon t3" aria-hidden="true" />
            ) : (
              <IconChevronRight className="icon t3" aria-hidden="true" />
            )}
            <span className="cut">{name}</span>
            <span className="t3 md">{count(owner.count)}</span>
          </UnstyledButton>
        </h2>
        {owner.value === "none" ? (
          <Link to="/unowned" className="quiet-link sm">
            Queue of the unowned
          </Link>
        ) : (
          <EntityLink to={owner.value} className="quiet-link sm">
            Owner's page
          </EntityLink>
        )}
      </div>
      {open ? <Rows owner={owner} query={props.query} search={search} /> : null}
    </section>
  );
}

function Rows({ owner, query, search }: { owner: FacetValue; query: ProblemListParams; search: ProblemsSearch }) {
  const list = useInfiniteQuery(problemsQuery({ ...query, owner: [owner.value] }, FIRST));
  const page = list.data?.pages[0];
  if (list.error && !page) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (!page) return <Bones rows={Math.min(FIRST, owner.count)} height={56} />;
  const { by: _by, ...rest } = search;
  return (
    <>
      <ul>
        {page.items.map((problem) => (
          <li
            key={`${problem.ref}${problem.code}${problem.pointer}${problem.line}${problem.message}`}
            className={c.twoLines}
          >
            <ProblemItem problem={problem} />
          </li>
        ))}
      </ul>
      {page.total > page.items.length ? (
        <Button
          component={Link}
          to="/problems"
          search={{ ...rest, owner: [owner.value] } as never}
          variant="subtle"
          color="gray"
        >
          All {count(page.total)}
        </Button>
      ) : null}
    </>
  );
}
