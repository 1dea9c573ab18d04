/** Everything that is wrong with what was read: by severity, kind of problem and owner, the worst first. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconUsersGroup } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef } from "react";
import { problemFacetsQuery, problemsQuery, statusQuery } from "../../api/queries";
import type { FacetValue } from "../../api/types";
import { codeWord } from "../../lib/codes";
import {
  countFilters,
  type Filters,
  PROBLEM_FILTERS,
  type ProblemFilter,
  readFilters,
  toggle,
} from "../../lib/filters";
import { isFilling } from "../../lib/freshness";
import { useKeys } from "../../lib/keys";
import { sentence } from "../../lib/ref";
import { count, plural } from "../../lib/time";
import { FacetDrawer, FacetList, type FacetSpec } from "../../ui/FacetList";
import { Filling } from "../../ui/Filling";
import { ListFoot } from "../../ui/ListFoot";
import c from "../../ui/list.module.css";
import { Bone, Bones, Empty, Failure } from "../../ui/parts";
import { TokenSearch } from "../../ui/TokenSearch";
import { useCursor } from "../../ui/useCursor";
import { ProblemItem } from "./ProblemItem";
import p from "./problems.module.css";

const ByOwner = lazy(() => import("./ByOwner").then((module) => ({ default: module.ByOwner })));

const SPECS: readonly FacetSpec<ProblemFilter>[] = [
  { key: "severity", title: "Severity", word: (v) => sentence(v.value) },
  { key: "code", title: "What", word: (v) => codeWord(v.value), first: 10 },
  { key: "owner", title: "Owner", word: (v) => (v.value === "none" ? "No owner" : v.label), first: 8 },
];
const ROW = 56;
const PHONE_ROW = 76;
const AHEAD = 40;

export function Problems() {
  const search = useSearch({ from: "/problems" });
  const where = useRouterState({ select: (state) => state.location.href });
  const navigate = useNavigate({ from: "/problems" });
  const phone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  const filters = useMemo(() => readFilters(PROBLEM_FILTERS, search), [search]);
  const { q, by } = search;
  const query = useMemo(() => ({ ...filters, ...(q ? { q } : {}) }), [filters, q]);
  const list = useInfiniteQuery(problemsQuery(query));
  const { data: facets } = useQuery(problemFacetsQuery(query));
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
  const cursor = useCursor({ where, count: by ? 0 : total, scrollTo, container: scroller });
  const field = useRef<{ focus: () => void }>(null);
  useKeys({ "/": () => field.current?.focus() });

  const change = useCallback(
    (next: Filters<ProblemFilter>, text: string, typing: boolean) =>
      void navigate({
        search: { ...next, ...(text ? { q: text } : {}), ...(by ? { by } : {}) },
        replace: typing,
      }),
    [navigate, by],
  );
  const flip = useCallback(
    (key: ProblemFilter, value: string) => change(toggle(filters, key, value), q ?? "", false),
    [change, filters, q],
  );
  const facetValues = facets?.facets as Record<string, FacetValue[]> | undefined;
  const active = countFilters(filters) + (q ? 1 : 0);
  return (
    <div className={c.page}>
      <aside className={`${c.facets} not-phone`} aria-label="Filters">
        <FacetList specs={SPECS} facets={facetValues} chosen={filters} toggle={flip} />
      </aside>
      <div className={c.body}>
        <div className={c.headRow}>
          <h1>Problems</h1>
          {first ? (
            <span className={c.count} role="status">
              {count(total)} of {count(first.all)}
            </span>
          ) : null}
          <span className="grow" />
          <Link to="/removed" className="quiet-link not-phone">
            Removed
          </Link>
          <Link to="/unowned" className="quiet-link not-phone">
            Queue of the unowned
          </Link>
          <Button
            leftSection={<IconUsersGroup className="icon-s" aria-hidden="true" />}
            aria-pressed={by === "owner"}
            className={by ? (p.chosen ?? "") : ""}
            onClick={() => {
              const { by: _by, ...rest } = search;
              void navigate({ search: by ? rest : { ...rest, by: "owner" } });
            }}
          >
            By owner
          </Button>
        </div>
        <div className={c.tools} style={{ marginBottom: 12 }}>
          <TokenSearch
            ref={field}
            keys={PROBLEM_FILTERS}
            filters={filters}
            text={q ?? ""}
            placeholder="Message, name, file"
            facets={facetValues}
            change={change}
          />
          <FacetDrawer
            specs={SPECS}
            facets={facetValues}
            chosen={filters}
            toggle={flip}
            active={countFilters(filters)}
            total={first?.total}
          />
        </div>
        {list.error ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
        <div ref={scroller} className={c.scroll} style={{ borderTop: "1px solid var(--line)" }} tabIndex={-1}>
          {list.isPending ? <Bones rows={10} height={size} /> : null}
          {first && total === 0 ? (
            <NoProblems active={active} all={first.all} clear={() => void navigate({ search: by ? { by } : {} })} />
          ) : null}
          {by && total > 0 ? (
            facetValues ? (
              <Suspense fallback={<Bones rows={10} />}>
                <ByOwner owners={facetValues.owner ?? []} query={query} search={search} />
              </Suspense>
            ) : (
              <Bones rows={10} />
            )
          ) : null}
          {!by && total > 0 ? (
            <ul style={{ height: virtual.getTotalSize(), position: "relative" }} aria-label="Problems">
              {virtual.getVirtualItems().map((item) => {
                const problem = rows[item.index];
                return (
                  <li
                    key={item.index}
                    className={c.twoLines}
                    data-row={item.index}
                    {...(item.index === cursor.row ? { "data-cursor": true } : {})}
                    style={{
                      position: "absolute",
                      top: 0,
                      left: 0,
                      right: 0,
                      height: item.size,
                      transform: `translateY(${item.start}px)`,
                    }}
                  >
                    {problem ? <ProblemItem problem={problem} /> : <Bone width="50%" />}
                  </li>
                );
              })}
            </ul>
          ) : null}
        </div>
      </div>
      <ListFoot />
    </div>
  );
}

function NoProblems({ active, all, clear }: { active: number; all: number; clear: () => void }) {
  const { data: status } = useQuery(statusQuery);
  if (status?.connections.some(isFilling)) return <Filling />;
  if (active > 0 && all > 0) {
    return (
      <Empty
        what={`No problem matches ${active === 1 ? "this filter" : `these ${plural(active, "filter")}`}.`}
        why={`${plural(all, "problem")} in all.`}
        action={<Button onClick={clear}>Clear filters</Button>}
      />
    );
  }
  return (
    <Empty
      what="No problems."
      why={`${plural(status?.totals.entities ?? 0, "entity", "entities")} read, and every file says what it means.`}
    />
  );
}
