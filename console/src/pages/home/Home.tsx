/** Home: what is wrong first, then what is known and how fresh it is. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { connectionsQuery } from "../../api/connections";
import { kindCountsQuery, problemsQuery, statusQuery } from "../../api/queries";
import type { CatalogStatus, FacetValue } from "../../api/types";
import { isFilling, phaseText, trouble } from "../../lib/freshness";
import { kindPlural } from "../../lib/ref";
import { count, plural } from "../../lib/time";
import { Age } from "../../ui/Age";
import { Filling } from "../../ui/Filling";
import { KindIcon } from "../../ui/icons";
import c from "../../ui/list.module.css";
import { Bones, Empty, Failure, Section, Severity } from "../../ui/parts";
import { ProblemItem } from "../problems/ProblemItem";
import h from "./home.module.css";

const SHOWN = 8;

export function Home() {
  const { data: status, error, refetch } = useQuery(statusQuery);
  const { data: counts } = useQuery(kindCountsQuery);
  const facets = counts?.facets as Record<string, FacetValue[]> | undefined;
  const filling = status?.connections.some(isFilling) ?? false;
  const { data: connections } = useQuery(connectionsQuery);
  if (connections?.items.length === 0 && status?.connections.length === 0) return <Navigate to="/connect" replace />;
  return (
    <div className={h.page}>
      <div className={h.main}>
        <div className={c.headRow}>
          <h1>Home</h1>
          {status ? <span className={`${c.count} not-phone`}>{summary(status)}</span> : null}
        </div>
        {error && !status ? <Failure error={error} retry={() => void refetch()} /> : null}
        {filling ? <Filling /> : null}
        <Wrong status={status} filling={filling} />
        <Unowned evidence={facets?.evidence} />
      </div>
      <aside className={h.side} aria-label="Catalog and freshness">
        <Kinds values={facets?.kind} />
        {status ? <Freshness status={status} /> : null}
      </aside>
    </div>
  );
}

function summary(status: CatalogStatus): string {
  const projects = status.connections.reduce((sum, connection) => sum + connection.projectsSeen, 0);
  return `${plural(status.totals.entities, "entity", "entities")} in ${plural(projects, "project")}`;
}

function Wrong({ status, filling }: { status: CatalogStatus | undefined; filling: boolean }) {
  const query = useInfiniteQuery(problemsQuery({ severity: ["error", "warning"] }, SHOWN));
  const first = query.data?.pages[0];
  const totals = status?.totals.problems;
  const number = totals ? `${plural(totals.error, "error")}, ${plural(totals.warning, "warning")}` : undefined;
  const broken = status?.connections.filter((connection) => trouble(connection) !== null) ?? [];
  return (
    <Section
      title="What is wrong"
      number={number}
      side={
        <Link to="/problems" className="quiet-link">
          All problems
        </Link>
      }
    >
      <ul className={h.list}>
        {broken.map((connection) => (
          <li key={connection.name} className={c.twoLines}>
            <span className={c.lead}>
              <Severity
                severity={connection.error ? "error" : "partial"}
                word={connection.error ? "Failed" : "Partial"}
                bare
              />
            </span>
            <div className="grow">
              <Link to="/settings" className={c.name}>
                {connection.name}
              </Link>{" "}
              <span className="t2">{connection.error ? "cannot be read" : "was read in part"}</span>
              <div className={c.sub} style={{ marginTop: 2 }}>
                {trouble(connection)}
                {connection.error ? ` · ${connection.error.remedy}` : ". The last good state is shown."}
              </div>
            </div>
            <span className={c.when}>
              <Age time={connection.partial[0]?.since ?? connection.lastGoodAt} />
            </span>
          </li>
        ))}
        {first?.items.map((problem) => (
          <li
            key={`${problem.ref}${problem.code}${problem.pointer}${problem.line}${problem.message}`}
            className={c.twoLines}
          >
            <ProblemItem problem={problem} />
          </li>
        ))}
      </ul>
      {query.isPending ? <Bones rows={SHOWN} height={56} /> : null}
      {query.error && !first ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {first && first.total === 0 && broken.length === 0 && !filling && status ? (
        status.totals.entities > 0 ? (
          <Empty what="Nothing is wrong." why="Every catalog file that was read says what it means." />
        ) : (
          <Empty what="Nothing was read yet." why="Name a GitLab address and a token in the configuration file." />
        )
      ) : null}
      {first && first.total > first.items.length ? (
        <Link to="/problems" search={{ severity: ["error", "warning"] }} className={`quiet-link sm ${h.rest}`}>
          {count(first.total - first.items.length)} more
        </Link>
      ) : null}
    </Section>
  );
}

const EVIDENCE: [string, string][] = [
  ["declared", "Owner declared in the catalog file"],
  ["codeowners", "Owner taken from CODEOWNERS"],
  ["group", "Owner inferred from the GitLab group"],
  ["missing", "No owner found"],
];

/** How ownership is known, over everything that can have an owner. */
function Unowned({ evidence }: { evidence: FacetValue[] | undefined }) {
  if (!evidence || evidence.length === 0) return null;
  const total = evidence.reduce((sum, value) => sum + value.count, 0);
  return (
    <Section title="Whose it is" number={`of ${count(total)}`}>
      <ul className={h.list}>
        {EVIDENCE.map(([value, word]) => {
          const number = evidence.find((v) => v.value === value)?.count ?? 0;
          return (
            <li key={value} className={h.bar}>
              <Link to="/catalog" search={{ evidence: [value] }} className={`grow cut ${c.open}`}>
                <span className="cut">{word}</span>
              </Link>
              <span className={h.track} aria-hidden="true">
                <span style={{ width: `${(100 * number) / Math.max(1, total)}%` }} />
              </span>
              <span className={h.number}>{count(number)}</span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Kinds({ values }: { values: FacetValue[] | undefined }) {
  return (
    <Section
      title="Catalog"
      side={
        <Link to="/catalog" className="quiet-link">
          All
        </Link>
      }
    >
      {values ? (
        <ul className={h.list}>
          {values.map((value) => (
            <li key={value.value} className={h.kind}>
              <KindIcon kind={value.value} />
              <Link to="/catalog" search={{ kind: [value.value.toLowerCase()] }} className={`grow ${c.open}`}>
                {kindPlural(value.value)}
              </Link>
              <span className={h.number}>{count(value.count)}</span>
            </li>
          ))}
        </ul>
      ) : (
        <Bones rows={6} height={32} />
      )}
    </Section>
  );
}

function Freshness({ status }: { status: CatalogStatus }) {
  return (
    <Section
      title="Freshness"
      side={
        <Link to="/settings" className="quiet-link">
          Connections
        </Link>
      }
    >
      <ul>
        {status.connections.map((connection) => {
          const why = trouble(connection);
          return (
            <li key={connection.name}>
              <div className={h.fresh}>
                <span className="grow cut">{connection.name}</span>
                <span className="t3 cut">
                  {connection.phase === "idle" ? plural(connection.projectsSeen, "project") : phaseText(connection)}
                </span>
                <span className={h.age}>
                  <Age time={connection.lastGoodAt} />
                </span>
              </div>
              {why ? (
                <div className="sm" style={{ paddingBottom: 4 }}>
                  <Severity
                    severity={connection.error ? "error" : "partial"}
                    word={connection.error ? "Failed" : "Partial"}
                  />{" "}
                  <span className="t3">{why}</span>
                </div>
              ) : null}
              <div className={h.fresh}>
                <span className="grow cut t3">Webhooks</span>
                <span className="t3">{count(connection.webhooks.received)} received</span>
                <span className={h.age}>
                  <Age time={connection.webhooks.lastReceivedAt} />
                </span>
              </div>
            </li>
          );
        })}
      </ul>
      {status.connections.length === 0 ? (
        <Empty what="No connection." why="Name a GitLab address and a token in the configuration file." />
      ) : null}
    </Section>
  );
}
