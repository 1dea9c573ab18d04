/** The queue of the unowned: what nobody is known to own, or only by a guess, and where to write the owner down. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconExternalLink } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import {
  entitiesQuery,
  entityFacetsQuery,
  entityQuery,
  statusQuery,
  totalQuery,
  unownedFilters,
} from "../../api/queries";
import type { EntityRow, FacetValue } from "../../api/types";
import {
  countFilters,
  type Filters,
  holds,
  readFilters,
  toggle,
  UNOWNED_FILTERS,
  type UnownedFilter,
} from "../../lib/filters";
import { isFilling } from "../../lib/freshness";
import { useKeys } from "../../lib/keys";
import { kindWord, parseRef } from "../../lib/ref";
import { count, plural } from "../../lib/time";
import { nextStep, ownerOf } from "../../lib/unowned";
import { EntityLink } from "../../ui/EntityLink";
import { Filling } from "../../ui/Filling";
import { EvidenceIcon, evidenceWord, KindIcon } from "../../ui/icons";
import { ListFoot } from "../../ui/ListFoot";
import c from "../../ui/list.module.css";
import { Bone, Bones, Empty, Failure } from "../../ui/parts";
import { TokenSearch } from "../../ui/TokenSearch";
import { useCursor } from "../../ui/useCursor";
import u from "./unowned.module.css";

const ROW = 52;
const PHONE_ROW = 92;
const AHEAD = 40;

const SIDES = [
  ["unowned", "No owner"],
  ["guessed", "Guessed"],
] as const;

export function Unowned() {
  const search = useSearch({ from: "/unowned" });
  const where = useRouterState({ select: (state) => state.location.href });
  const navigate = useNavigate({ from: "/unowned" });
  const phone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  const filters = useMemo(() => readFilters(UNOWNED_FILTERS, search), [search]);
  const { q } = search;
  const query = useMemo(() => unownedFilters({ ...filters, ...(q ? { q } : {}) }), [filters, q]);
  const list = useInfiniteQuery(entitiesQuery(query));
  const { data: facets } = useQuery(entityFacetsQuery(query));
  const first = list.data?.pages[0];
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const total = first?.total ?? 0;
  const scroller = useRef<HTMLDivElement>(null);
  const size = phone ? PHONE_ROW : ROW;
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 10,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height of a row changed, so all are measured again
  useEffect(() => virtual.measure(), [size]);
  const lastSeen = virtual.getVirtualItems().at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastSeen > rows.length - AHEAD) void fetchNextPage();
  }, [lastSeen, rows.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const scrollTo = useCallback((row: number) => virtual.scrollToIndex(row), [virtual]);
  const cursor = useCursor({ where, count: total, scrollTo, container: scroller });
  const field = useRef<{ focus: () => void }>(null);
  useKeys({ "/": () => field.current?.focus() });
  const change = useCallback(
    (next: Filters<UnownedFilter>, text: string, typing: boolean) =>
      void navigate({ search: { ...next, ...(text ? { q: text } : {}) }, replace: typing }),
    [navigate],
  );
  const active = countFilters(filters) + (q ? 1 : 0);
  return (
    <div className={u.page}>
      <div className={c.body}>
        <div className={c.headRow}>
          <h1>Without an owner</h1>
          {first ? (
            <span className={c.count} role="status">
              {count(total)} of {count(first.all)}
            </span>
          ) : null}
        </div>
        <div className={c.tools}>
          <Sides
            filters={filters}
            q={q}
            flip={(value) => change(toggle(filters, "ownership", value), q ?? "", false)}
          />
          <TokenSearch
            ref={field}
            keys={UNOWNED_FILTERS}
            filters={filters}
            text={q ?? ""}
            placeholder="Name, project"
            facets={facets?.facets as Record<string, FacetValue[]> | undefined}
            change={change}
          />
        </div>
        {list.error ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
        <div ref={scroller} className={`${c.scroll} ${u.scroll}`} tabIndex={-1}>
          {list.isPending ? <Bones rows={10} height={size} /> : null}
          {first && total === 0 ? <None active={active} clear={() => void navigate({ search: {} })} /> : null}
          {total > 0 ? (
            <ul style={{ height: virtual.getTotalSize(), position: "relative" }} aria-label="Without an owner">
              {virtual.getVirtualItems().map((item) => {
                const row = rows[item.index];
                return (
                  <li
                    key={item.index}
                    className={`${c.twoLines} ${u.row}`}
                    data-row={item.index}
                    {...(item.index === cursor.row ? { "data-cursor": true } : {})}
                    style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                  >
                    {row ? <Item row={row} /> : <Bone width="50%" />}
                  </li>
                );
              })}
            </ul>
          ) : null}
        </div>
      </div>
      <ListFoot legend />
    </div>
  );
}

function Sides(props: { filters: Filters<UnownedFilter>; q: string | undefined; flip: (value: string) => void }) {
  const { ownership, ...rest } = props.filters;
  const asked = { ...rest, ...(props.q ? { q: props.q } : {}) };
  const { data: unowned } = useQuery(totalQuery(unownedFilters({ ...asked, ownership: ["unowned"] })));
  const { data: guessed } = useQuery(totalQuery(unownedFilters({ ...asked, ownership: ["guessed"] })));
  const totals = { unowned, guessed };
  return (
    <Button.Group aria-label="Which" className={u.sides ?? ""}>
      {SIDES.map(([value, label]) => {
        const on = holds(ownership, value);
        return (
          <Button
            key={value}
            aria-pressed={on}
            className={on ? (u.chosen ?? "") : ""}
            onClick={() => props.flip(value)}
          >
            {label}&nbsp;
            <span className={`${u.number} ${on ? "" : "t3"}`}>
              {totals[value] === undefined ? "" : count(totals[value])}
            </span>
          </Button>
        );
      })}
    </Button.Group>
  );
}

function Item({ row }: { row: EntityRow }) {
  const owner = ownerOf(row);
  return (
    <>
      <span className={c.lead}>
        <KindIcon kind={row.kind} type={row.type} label />
      </span>
      <div className={u.cells}>
        <div className={u.what}>
          <EntityLink to={row.ref} className={`${c.name} cut`}>
            {row.title ?? row.name}
          </EntityLink>
          <div className={`${c.sub} cut`}>{row.project?.path ?? kindWord(row.kind)}</div>
        </div>
        <div className={u.owner}>
          <div className="row g6">
            <EvidenceIcon evidence={owner?.evidence ?? "missing"} />
            <span className={owner ? "cut" : "cut t3"}>{owner ? (owner.title ?? owner.name) : "No owner found"}</span>
          </div>
          <div className={`${c.sub} cut`}>
            {owner ? (
              <>
                {owner.exists ? evidenceWord(owner.evidence, owner.detail) || owner.evidence : "not in the catalog"}
                {owner.exists && owner.confidence !== undefined && owner.evidence !== "commits" ? (
                  <> · {owner.confidence} % sure</>
                ) : null}
              </>
            ) : (
              "nothing points to anybody"
            )}
          </div>
        </div>
        <NextStep row={row} />
      </div>
    </>
  );
}

/** The exact page is asked for when somebody is about to go there. */
function NextStep({ row }: { row: EntityRow }) {
  const [near, setNear] = useState(false);
  const ref = parseRef(row.ref);
  const { data } = useQuery({
    ...entityQuery(ref ?? { kind: "", namespace: "", name: "" }),
    enabled: near && ref !== null,
  });
  const step = nextStep(row, data?.source ?? null);
  const come = () => setNear(true);
  if (!step) return <span className={u.step} />;
  return (
    <a
      href={step.url}
      target="_blank"
      rel="noreferrer"
      className={`${u.step} link`}
      onPointerEnter={come}
      onTouchStart={come}
      onFocus={come}
    >
      <span>
        Add an owner<span className="not-phone"> in GitLab</span>
      </span>
      <IconExternalLink className="icon-s" aria-hidden="true" />
      <span className={u.hidden}> for {row.title ?? row.name}</span>
    </a>
  );
}

function None({ active, clear }: { active: number; clear: () => void }) {
  const { data: status } = useQuery(statusQuery);
  if (status?.connections.some(isFilling)) return <Filling />;
  if (active > 0) {
    return (
      <Empty
        what={`Nothing matches ${active === 1 ? "this filter" : `these ${plural(active, "filter")}`}.`}
        action={<Button onClick={clear}>Clear filters</Button>}
      />
    );
  }
  return (
    <Empty
      what="Everything has an owner."
      why="Named in a catalog file or in CODEOWNERS, or clear from commits."
      action={
        <Link to="/catalog" className="link">
          To the catalog
        </Link>
      }
    />
  );
}
