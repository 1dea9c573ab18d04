/** What left the catalog lately: why, how long it is kept, and a look whether GitLab has it again. */
import { Button } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { useCallback, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { refreshCatalog } from "../../api/queries";
import { type Removed as Gone, removedQuery } from "../../api/solid";
import { kindWord, shortRef } from "../../lib/ref";
import { count, exact, until } from "../../lib/time";
import { Act } from "../../ui/Act";
import { Age } from "../../ui/Age";
import { KindIcon } from "../../ui/icons";
import l from "../../ui/list.module.css";
import { useNow } from "../../ui/now";
import { Bones, Empty, Failure, Note } from "../../ui/parts";
import { useCursor } from "../../ui/useCursor";
import r from "./removed.module.css";

const SHOWN = 100;
const DAYS = 7;

type Said = { text: string; failed: boolean };

export function Removed() {
  const where = useRouterState({ select: (state) => state.location.href });
  const client = useQueryClient();
  const [limit, setLimit] = useState(SHOWN);
  const { data, error, isPending, refetch } = useQuery(removedQuery(limit));
  const [said, setSaid] = useState<Said | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const scrollTo = useCallback(
    (row: number) => scroller.current?.querySelector(`[data-row="${row}"]`)?.scrollIntoView({ block: "nearest" }),
    [],
  );
  const cursor = useCursor({ where, count: data?.items.length ?? 0, scrollTo, container: scroller });
  const look = async (gone: Gone) => {
    try {
      const { permit } = await refreshCatalog({ project: gone.projectPath });
      setSaid({
        text: `Looking at ${gone.projectPath} again: what GitLab has of it comes back by itself · audit row ${permit}`,
        failed: false,
      });
    } catch (cause) {
      const failure = cause instanceof Error ? cause : new Error(String(cause));
      const detail = failure instanceof ApiError && failure.detail !== failure.message ? ` ${failure.detail}` : "";
      setSaid({ text: `${gone.projectPath}: ${failure.message}.${detail}`, failed: true });
    }
    await client.invalidateQueries({ queryKey: ["removed"] });
  };
  const shown = data?.items.length ?? 0;
  return (
    <div className={r.page}>
      <div className={l.body}>
        <nav className={r.crumbs} aria-label="Path">
          <Link to="/catalog" search={{ kind: ["component"] }} className="quiet-hover">
            Catalog
          </Link>
        </nav>
        <div className={l.headRow}>
          <h1>Removed</h1>
          {data ? (
            <span className={l.count} role="status">
              {count(data.total)} in the last {DAYS} days
            </span>
          ) : null}
        </div>
        <p className={r.lead}>
          Only a definite answer removes something: GitLab no longer has it, or it is no longer meant to be read. It is
          kept for {DAYS} days, so that it comes back as it was, with its name, when GitLab shows it again.
        </p>
        <div role="status" className={r.said}>
          {said ? <Note {...(said.failed ? { tone: "red" as const } : {})}>{said.text}</Note> : null}
        </div>
        {error ? <Failure error={error} retry={() => void refetch()} /> : null}
        <div ref={scroller} className={`${l.scroll} ${r.scroll}`} tabIndex={-1}>
          {isPending ? <Bones rows={6} height={56} /> : null}
          {data && shown > 0 ? (
            <ul aria-label="Removed">
              {data.items.map((gone, i) => (
                <li
                  key={gone.id}
                  className={l.twoLines}
                  data-row={i}
                  {...(i === cursor.row ? { "data-cursor": true } : {})}
                >
                  <Item gone={gone} look={look} />
                </li>
              ))}
            </ul>
          ) : null}
          {data && shown === 0 ? (
            <Empty
              what={`Nothing left the catalog in the last ${DAYS} days.`}
              why="A project that is deleted, archived or no longer read, or a catalog file that is taken away, stands here with the reason. What GitLab only failed to answer is never removed: it stays in the catalog, marked stale."
              action={
                <Link to="/catalog" search={{ kind: ["component"] }} className="link">
                  To the catalog
                </Link>
              }
            />
          ) : null}
          {data && shown > 0 && shown < data.total ? (
            <div className={r.more}>
              <span className="t3 sm">
                The last {count(shown)} of {count(data.total)}
              </span>
              {shown >= limit ? <Button onClick={() => setLimit(limit * 4)}>Show more</Button> : null}
            </div>
          ) : null}
        </div>
      </div>
    </div>
  );
}

function Item({ gone, look }: { gone: Gone; look: (gone: Gone) => unknown }) {
  const now = useNow();
  return (
    <>
      <span className={l.lead}>
        <KindIcon kind={gone.kind} label />
      </span>
      <div className={r.cells}>
        <div className={r.what}>
          <div>
            <span className="md">{gone.title ?? shortRef(gone.ref)}</span>{" "}
            <span className="t3 sm">{gone.title ? shortRef(gone.ref) : kindWord(gone.kind)}</span>
          </div>
          <div className={r.reason}>{gone.reason}</div>
          <div className={l.sub}>
            {gone.projectPath} from{" "}
            <Link to="/settings/connections/$name" params={{ name: gone.connection }} className="quiet-hover">
              {gone.connection}
            </Link>
          </div>
        </div>
        <div className={r.when}>
          <div className="t2">
            <Age time={gone.removedAt} suffix=" ago" />
          </div>
          <div title={exact(gone.keptUntil)}>forgotten {until(gone.keptUntil, now)}</div>
        </div>
        <Act
          action="RefreshCatalog"
          on={gone.projectPath}
          label="Look again"
          about={gone.projectPath}
          icon={IconEye}
          size="xs"
          run={() => look(gone)}
        />
      </div>
    </>
  );
}
