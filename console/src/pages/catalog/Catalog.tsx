/** The catalog: everything that is known, narrowed by facets and search, its whole state in the address. */
import { Button } from "@mantine/core";
import { useMediaQuery, useMergedRef, useResizeObserver } from "@mantine/hooks";
import { IconColumns3, IconProgressAlert } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isTimeSorted } from "../../api/live";
import { entitiesQuery, entityFacetsQuery } from "../../api/queries";
import type { FacetValue } from "../../api/types";
import { codeWord } from "../../lib/codes";
import { countFilters, ENTITY_FILTERS, type EntityFilter, type Filters, readFilters, toggle } from "../../lib/filters";
import { useKeys } from "../../lib/keys";
import { kindWord, sentence, typeWord } from "../../lib/ref";
import { count } from "../../lib/time";
import type { CatalogSearch } from "../../router";
import { FacetDrawer, FacetList, type FacetSpec } from "../../ui/FacetList";
import { ListFoot } from "../../ui/ListFoot";
import c from "../../ui/list.module.css";
import { Bones, Failure } from "../../ui/parts";
import { TokenSearch } from "../../ui/TokenSearch";
import { useCursor } from "../../ui/useCursor";
import { useNewRows } from "../../ui/useNewRows";
import { fitColumns } from "./columns";
import { CatalogEmpty } from "./Empty";
import { PhoneRows, TableRows } from "./Rows";

const SPECS: readonly FacetSpec<EntityFilter>[] = [
  { key: "kind", title: "Kind", word: (v) => kindWord(v.value), first: 9, lower: true },
  { key: "type", title: "Type", word: (v) => typeWord(v.label), first: 5 },
  { key: "owner", title: "Owner", word: (v) => (v.value === "none" ? "No owner found" : v.label), first: 5 },
  { key: "lifecycle", title: "Lifecycle", word: (v) => sentence(v.label) },
  {
    key: "problem",
    title: "Problems",
    word: (v) => codeWord(v.value),
    first: 5,
    hide: ["any", "error", "warning", "note"],
  },
  { key: "system", title: "System", first: 5 },
  { key: "language", title: "Language", first: 5 },
];

const ROW = 36;
const PHONE_ROW = 56;
/** Rows before the end of what is loaded at which the next page is asked for. */
const AHEAD = 60;
const LONG = 3;

export function Catalog() {
  const search = useSearch({ from: "/catalog" });
  const where = useRouterState({ select: (state) => state.location.href });
  const navigate = useNavigate({ from: "/catalog" });
  const phone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  const filters = useMemo(() => readFilters(ENTITY_FILTERS, search), [search]);
  const { q, sort } = search;
  const query = useMemo(() => ({ ...filters, ...(q ? { q } : {}), ...(sort ? { sort } : {}) }), [filters, q, sort]);
  const list = useInfiniteQuery(entitiesQuery(query));
  const { data: facets } = useQuery(entityFacetsQuery(query));
  const first = list.data?.pages[0];
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const total = first?.total ?? 0;

  const scroller = useRef<HTMLDivElement>(null);
  const [measured, { width }] = useResizeObserver<HTMLDivElement>();
  const scrollerRef = useMergedRef(scroller, measured);
  const shown = useMemo(() => fitColumns(search.cols, Math.floor(width), sort), [search.cols, width, sort]);
  const size = phone ? PHONE_ROW : ROW;
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    overscan: 10,
    // The sticky head covers the first row while scrolling to one.
    scrollPaddingStart: phone ? 0 : 32,
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
  const still = isTimeSorted(["", "", query]) || (list.data?.pages.length ?? 0) > LONG;
  const fresh = useNewRows(still);

  const field = useRef<{ focus: () => void }>(null);
  useKeys({ "/": () => field.current?.focus() });

  const put = useCallback(
    (next: CatalogSearch, replace = false) => void navigate({ search: next, replace }),
    [navigate],
  );
  const rest = useMemo(
    () => ({ ...(sort ? { sort } : {}), ...(search.cols ? { cols: search.cols } : {}) }),
    [sort, search.cols],
  );
  const change = useCallback(
    (next: Filters<EntityFilter>, text: string, typing: boolean) =>
      put({ ...next, ...(text ? { q: text } : {}), ...rest }, typing),
    [put, rest],
  );
  const flip = useCallback(
    (key: EntityFilter, value: string) => change(toggle(filters, key, value), q ?? "", false),
    [change, filters, q],
  );
  const withText = (extra: CatalogSearch): CatalogSearch => ({ ...filters, ...(q ? { q } : {}), ...rest, ...extra });
  const active = countFilters(filters) + (q ? 1 : 0);
  const facetValues = facets?.facets as Record<string, FacetValue[]> | undefined;
  const unowned = facetValues?.evidence?.find((v) => v.value === "missing")?.count;

  return (
    <div className={c.page}>
      <aside className={`${c.facets} not-phone`} aria-label="Filters">
        <FacetList specs={SPECS} facets={facetValues} chosen={filters} toggle={flip} />
      </aside>
      <div className={c.body}>
        <div className={c.headRow}>
          <h1>Catalog</h1>
          {first ? (
            <span className={c.count} role="status">
              {count(total)} of {count(first.all)}
            </span>
          ) : null}
          <span className="grow" />
          <Link to="/removed" className="quiet-link">
            Removed
          </Link>
          <Unowned
            number={unowned}
            on={filters.evidence?.includes("missing") ?? false}
            flip={() => flip("evidence", "missing")}
          />
        </div>
        <div className={c.tools}>
          <TokenSearch
            ref={field}
            keys={ENTITY_FILTERS}
            filters={filters}
            text={q ?? ""}
            placeholder="Name, owner, tag, language"
            facets={facetValues}
            change={change}
          />
          {still && fresh.waiting > 0 ? (
            <Button
              onClick={() => {
                fresh.clear();
                void list.refetch();
              }}
            >
              {count(fresh.waiting)} new
            </Button>
          ) : null}
          <FacetDrawer
            specs={SPECS}
            facets={facetValues}
            chosen={filters}
            toggle={flip}
            active={countFilters(filters)}
            total={first?.total}
          />
          <Columns cols={search.cols} put={(cols) => put({ ...withText({}), cols: cols as string }, true)} />
        </div>
        {list.error && first ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
        <div ref={scrollerRef} className={c.scroll} tabIndex={-1}>
          {list.isPending ? (
            <Bones rows={14} />
          ) : !first ? (
            list.error ? (
              <Failure error={list.error} retry={() => void list.refetch()} />
            ) : null
          ) : total === 0 ? (
            <CatalogEmpty active={active} all={first.all} clear={() => put(rest)} />
          ) : phone ? (
            <PhoneRows rows={rows} cursor={cursor.row} virtual={virtual} />
          ) : (
            <TableRows
              rows={rows}
              total={total}
              shown={shown}
              sort={sort}
              setSort={(next) => {
                const { sort: _old, ...others } = withText({});
                put(next ? { ...others, sort: next } : others);
              }}
              cursor={cursor.row}
              virtual={virtual}
            />
          )}
        </div>
      </div>
      <ListFoot legend />
    </div>
  );
}

function Unowned({ number, on, flip }: { number: number | undefined; on: boolean; flip: () => void }) {
  if (number === undefined && !on) return null;
  return (
    <Button
      className="not-phone"
      leftSection={<IconProgressAlert className="icon-s" aria-hidden="true" />}
      aria-pressed={on}
      onClick={flip}
    >
      Unowned&nbsp;<span className="t3">{count(number ?? 0)}</span>
    </Button>
  );
}

const ColumnMenu = lazy(() => import("./ColumnMenu"));

/** The button is there at once; the menu comes with the first press. */
function Columns(props: { cols: string | undefined; put: (cols: string | undefined) => void }) {
  const [asked, setAsked] = useState(false);
  const button = (
    <Button
      className="not-phone"
      aria-haspopup="menu"
      leftSection={<IconColumns3 className="icon-s" aria-hidden="true" />}
      onClick={() => setAsked(true)}
    >
      Columns
    </Button>
  );
  if (!asked) return button;
  return (
    <Suspense fallback={button}>
      <ColumnMenu {...props} />
    </Suspense>
  );
}
