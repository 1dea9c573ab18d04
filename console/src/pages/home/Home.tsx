/** Home: what is wrong first, then what is known and how fresh it is. */
import { IconHourglass } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, Navigate } from "@tanstack/react-router";
import { type Connection, connectionsQuery } from "../../api/connections";
import { kindCountsQuery, problemsQuery, statusQuery } from "../../api/queries";
import { queueCountsQuery } from "../../api/solid";
import type { CatalogStatus, FacetValue } from "../../api/types";
import { beyond, midSentence, sentence } from "../../lib/checks";
import { daysLeftText, endsSoon } from "../../lib/draft";
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
        <Wrong status={status} connections={connections?.items} filling={filling} />
        <Unowned evidence={facets?.evidence} />
      </div>
      <aside className={h.side} aria-label="Catalog and freshness">
        <Tokens connections={connections?.items} />
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

type WrongProps = {
  status: CatalogStatus | undefined;
  connections: Connection[] | undefined;
  filling: boolean;
};

function Wrong({ status, connections, filling }: WrongProps) {
  const query = useInfiniteQuery(problemsQuery({ severity: ["error", "warning"] }, SHOWN));
  const first = query.data?.pages[0];
  const totals = status?.totals.problems;
  const number = totals ? `${plural(totals.error, "error")}, ${plural(totals.warning, "warning")}` : undefined;
  const failing = connections?.filter((connection) => connection.state === "failing") ?? [];
  // What failed its test says why better than the reading that failed of it.
  const dead = useQuery(queueCountsQuery).data?.counts.dead ?? 0;
  const broken =
    status?.connections.filter((c) => trouble(c) !== null && !failing.some((f) => f.name === c.name)) ?? [];
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
        {failing.map((connection) => (
          <li key={connection.name} className={c.twoLines}>
            <StoppedWorking connection={connection} />
          </li>
        ))}
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
        {dead > 0 ? (
          <li className={c.twoLines}>
            <GivenUp dead={dead} />
          </li>
        ) : null}
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
      {first && first.total === 0 && broken.length + failing.length + dead === 0 && !filling && status ? (
        status.totals.entities > 0 ? (
          <Empty what="Nothing is wrong." why="Every catalog file that was read says what it means." />
        ) : (
          <Empty what="Nothing was read yet." why="The first read has not ended." />
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

function GivenUp({ dead }: { dead: number }) {
  return (
    <>
      <span className={c.lead}>
        <Severity severity="error" word="Dead" bare />
      </span>
      <div className="grow">
        <Link to="/settings/queue" search={{ state: "dead" }} className={c.name}>
          {plural(dead, "job")}
        </Link>{" "}
        <span className="t2">{dead === 1 ? "was" : "were"} given up after many tries</span>
        <div className={c.sub} style={{ marginTop: 2 }}>
          What {dead === 1 ? "it" : "they"} would have read stays as it was. Retry or drop {dead === 1 ? "it" : "them"}.
        </div>
      </div>
    </>
  );
}

/** Checks that a new token makes good. */
const OF_TOKEN = ["token", "kind", "expiry", "scope-read"];

function StoppedWorking({ connection: { name, url, declared, failing } }: { connection: Connection }) {
  const token = !declared && OF_TOKEN.includes(failing?.check ?? "");
  return (
    <>
      <span className={c.lead}>
        <Severity severity="error" word="Failing" bare />
      </span>
      <div className="grow">
        <Link to="/settings/connections/$name" params={{ name }} className={c.name}>
          GitLab {name}
        </Link>{" "}
        <span className="t2">
          {failing ? (
            <>
              stopped working <Age time={failing.since} suffix=" ago" />: {midSentence(failing.title)}
            </>
          ) : (
            "does not work"
          )}
        </span>
        <div className={c.sub} style={{ marginTop: 2 }}>
          {failing ? sentence(beyond(failing.title, failing.detail)) : `${url}.`} What is shown is the last good state.
        </div>
      </div>
      <Link to="/settings/connections/$name" params={{ name }} search={token ? { act: "token" } : {}} className={h.act}>
        {token ? "Update token" : "See what to do"}
      </Link>
    </>
  );
}

const EVIDENCE: [string, string][] = [
  ["declared", "Owner declared in the catalog file"],
  ["codeowners", "Owner taken from CODEOWNERS"],
  ["commits", "Owner inferred from commits"],
  ["group", "Owner inferred from the GitLab group"],
  ["missing", "No owner found"],
];

/** How ownership is known, over everything that can have an owner. */
function Unowned({ evidence }: { evidence: FacetValue[] | undefined }) {
  if (!evidence || evidence.length === 0) return null;
  const total = evidence.reduce((sum, value) => sum + value.count, 0);
  return (
    <Section
      title="Whose it is"
      number={`of ${count(total)}`}
      side={
        <Link to="/unowned" className="quiet-link">
          Queue of the unowned
        </Link>
      }
    >
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

/** Tokens that end within two weeks, and what would break then. */
function Tokens({ connections }: { connections: Connection[] | undefined }) {
  const soon = connections?.filter((connection) => endsSoon(connection) && connection.state !== "failing") ?? [];
  if (soon.length === 0) return null;
  return (
    <Section title="Tokens about to end">
      <ul className={h.list}>
        {soon.map(({ name, report }) => (
          <li key={name} className={h.kind}>
            <IconHourglass className={`icon ${h.amber}`} aria-hidden="true" />
            <Link to="/settings/connections/$name" params={{ name }} className={`grow cut ${c.open}`}>
              {name}
            </Link>
            <span className={h.soon}>{daysLeftText(report?.facts.daysLeft ?? 0)}</span>
          </li>
        ))}
      </ul>
      <p className="sm t3" style={{ paddingTop: 4 }}>
        Nothing is read after that.
      </p>
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
        <Empty
          what="No connection."
          action={
            <Link to="/connect" className="link">
              Connect your GitLab
            </Link>
          }
        />
      ) : null}
    </Section>
  );
}
