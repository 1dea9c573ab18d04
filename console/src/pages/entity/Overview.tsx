/** The first tab: relations, problems; beside them where it came from, what was inferred, who else claims it. */
import { UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { graphQuery } from "../../api/queries";
import { freshnessIn } from "../../api/solid";
import type { EntityPage, Problem } from "../../api/types";
import { codeWord } from "../../lib/codes";
import { formatRef, type Ref } from "../../lib/ref";
import { plural } from "../../lib/time";
import { Age } from "../../ui/Age";
import { Place } from "../../ui/ProblemLine";
import { Failure, problemSummary, Section, Severity, tagClass } from "../../ui/parts";
import e from "./entity.module.css";
import { near, reach } from "./graph/near";
import { RelationsTable } from "./RelationsTable";

const RelationsGraph = lazy(() => import("./graph/RelationsGraph"));

const FROM = "/catalog/$kind/$namespace/$name";

export function Overview({ page, reference }: { page: EntityPage; reference: Ref }) {
  return (
    <div className={e.cols}>
      <div className={e.main}>
        <Relations page={page} reference={reference} />
        <Problems problems={page.problems} row={page.row} />
      </div>
      <aside className={e.side} aria-label="Where it came from">
        <Conflicts conflicts={page.conflicts} />
        <Origin page={page} />
        <InferredFacts inferred={page.inferred} />
        <Labels page={page} />
      </aside>
    </div>
  );
}

function Relations({ page, reference }: { page: EntityPage; reference: Ref }) {
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const narrow = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  const [fit, setFit] = useState(0);
  const depth = search.depth ?? 1;
  const table = search.as === "table" || narrow;
  const graph = useQuery(graphQuery(reference, reach(depth)));
  const me = graph.data ? nodeRef(graph.data, reference) : "";
  const shown = useMemo(() => (graph.data ? near(graph.data, me, depth) : null), [graph.data, me, depth]);
  const edges = shown?.edges.length ?? 0;
  const asTable = table || (shown !== null && edges === 0);
  const put = (change: { depth?: number; as?: "table" }) => void navigate({ search: change, replace: true });
  const side = (
    <>
      {graph.data?.truncated && !asTable ? <span>the nearest {graph.data.nodes.length} only</span> : null}
      {asTable ? null : (
        <>
          <select
            className={e.steps}
            aria-label="How far the graph reaches"
            value={depth}
            onChange={(event) => {
              const n = Number(event.currentTarget.value);
              put(n === 1 ? {} : { depth: n });
            }}
          >
            {[1, 2, 3].map((n) => (
              <option key={n} value={n}>
                {plural(n, "step")}
              </option>
            ))}
          </select>
          <UnstyledButton className={e.tool} onClick={() => setFit(fit + 1)}>
            Fit
          </UnstyledButton>
        </>
      )}
      {edges > 0 && !narrow ? (
        <UnstyledButton
          className={e.tool}
          onClick={() => put({ ...(depth > 1 ? { depth } : {}), ...(table ? {} : { as: "table" as const }) })}
        >
          {table ? "As a graph" : "As a table"}
        </UnstyledButton>
      ) : null}
    </>
  );
  return (
    <Section title="Relations" number={page.relations.length} side={side}>
      {graph.error && !graph.data && !table ? <Failure error={graph.error} retry={() => void graph.refetch()} /> : null}
      {asTable ? (
        <RelationsTable relations={page.relations} first={12} />
      ) : (
        <Suspense fallback={<div className={e.graphRoom} aria-busy="true" />}>
          {shown ? (
            <RelationsGraph graph={shown} me={me} fit={fit} />
          ) : (
            <div className={e.graphRoom} aria-busy="true" />
          )}
        </Suspense>
      )}
    </Section>
  );
}

/** The graph's own spelling of this entity: references compare without case. */
function nodeRef(graph: { nodes: { ref: string }[] }, reference: Ref): string {
  const wanted = formatRef(reference);
  return graph.nodes.find((node) => node.ref.toLowerCase() === wanted)?.ref ?? wanted;
}

function Problems({ problems, row }: { problems: Problem[]; row: EntityPage["row"] }) {
  return (
    <Section title="Problems" number={problems.length > 0 ? problemSummary(row.problems) : undefined}>
      {problems.length === 0 ? (
        <div className="t3">
          {row.origin === "file" ? "None. The file says what it means, and everything it names exists." : "None."}
        </div>
      ) : (
        <ul className={e.list}>
          {problems.map((problem) => (
            <li key={`${problem.code} ${problem.pointer} ${problem.line} ${problem.message}`} className={e.problem}>
              <span className={e.problemLead}>
                <Severity severity={problem.severity} bare />
              </span>
              <div className="grow">
                <div className={e.problemText}>{problem.message}</div>
                <div className="row g6 wrap sm t3" style={{ marginTop: 2 }}>
                  <span className="md t2">{codeWord(problem.code)}</span>
                  <Place problem={problem} />
                  {problem.pointer ? <code>{problem.pointer}</code> : null}
                  <span>{problem.remedy}</span>
                </div>
              </div>
              <span className="sm t3">
                <Age time={problem.since} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Conflicts({ conflicts }: { conflicts: EntityPage["conflicts"] }) {
  if (conflicts.length === 0) return null;
  return (
    <Section title="Claimed by" number={plural(conflicts.length, "file")}>
      <ul className={e.list}>
        {conflicts.map((claim) => (
          <li key={`${claim.url} ${claim.claimedAt}`} className={e.problem}>
            <span className={e.problemLead}>
              {claim.holds ? (
                <Severity severity="note" word="Holds" bare />
              ) : (
                <Severity severity="error" word="Refused" bare />
              )}
            </span>
            <div className="grow sm">
              <a href={claim.url} target="_blank" rel="noreferrer" className="quiet-hover md">
                {claim.project}
              </a>
              <div className="t3">
                {claim.file ?? "no file"} · claimed <Age time={claim.claimedAt} suffix=" ago" /> ·{" "}
                {claim.holds ? "holds the name" : "refused: the earlier claim holds"}
              </div>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const ORIGINS: Record<string, string> = {
  file: "Catalog file",
  inferred: "Inferred from the project",
  directory: "GitLab group or user",
  registered: "Registered by a person",
};

function Origin({ page }: { page: EntityPage }) {
  const { source, row } = page;
  const { confirmedAt } = freshnessIn(page);
  return (
    <Section title="Where it came from">
      <dl className={e.kv}>
        <dt>Origin</dt>
        <dd>{ORIGINS[row.origin] ?? row.origin}</dd>
        <dt>Reference</dt>
        <dd>
          <code>{row.ref}</code>
        </dd>
        {source ? (
          <>
            <dt>Project</dt>
            <dd>
              <a href={source.project.url} target="_blank" rel="noreferrer" className="row g4 quiet-hover">
                <span className="cut">{source.project.path}</span>
                <IconExternalLink className="icon-s t3" aria-hidden="true" />
              </a>
            </dd>
            {source.file ? (
              <>
                <dt>File</dt>
                <dd>
                  <a href={source.url} target="_blank" rel="noreferrer" className="row g4 quiet-hover">
                    <code className="cut">{source.file}</code>
                    <IconExternalLink className="icon-s t3" aria-hidden="true" />
                  </a>
                </dd>
              </>
            ) : null}
            {source.ref ? (
              <>
                <dt>Branch</dt>
                <dd>
                  <code>{source.ref}</code>
                  {source.blob ? <span className="t3"> at {source.blob.slice(0, 8)}</span> : null}
                </dd>
              </>
            ) : null}
            <dt>Connection</dt>
            <dd>
              <Link to="/settings" className="quiet-hover">
                {source.connection}
              </Link>
            </dd>
          </>
        ) : null}
        <dt>Confirmed</dt>
        <dd>{confirmedAt ? <Age time={confirmedAt} suffix=" ago" /> : "Not known"}</dd>
        <dt>Changed</dt>
        <dd>
          <Age time={page.changedAt} suffix=" ago" />
        </dd>
      </dl>
    </Section>
  );
}

function InferredFacts({ inferred }: { inferred: EntityPage["inferred"] }) {
  if (!inferred || inferred.facts.length === 0) return null;
  return (
    <Section title="Inferred" number="no catalog file">
      <ul className={e.list}>
        {inferred.facts.map((fact) => (
          <li key={fact.field} className={e.fact}>
            <div className="row">
              <code className="t3">{fact.field}</code>
              <span className="cut md">{fact.value}</span>
            </div>
            <div className={e.why}>
              {fact.url ? (
                <a href={fact.url} target="_blank" rel="noreferrer" className="quiet-hover">
                  {fact.because}
                </a>
              ) : (
                fact.because
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Labels({ page }: { page: EntityPage }) {
  const { links } = page.entity.metadata;
  const shown = (Array.isArray(links) ? (links as { url?: unknown; title?: unknown }[]) : []).filter(
    (link): link is { url: string; title?: unknown } => typeof link?.url === "string" && /^https?:\/\//i.test(link.url),
  );
  if (page.row.tags.length === 0 && shown.length === 0) return null;
  return (
    <Section title={shown.length > 0 ? "Links and tags" : "Tags"}>
      <ul>
        {shown.map((link) => (
          <li key={link.url} className={e.linkRow}>
            <a href={link.url} target="_blank" rel="noreferrer" className="row g4 quiet-hover">
              <span className="cut">{typeof link.title === "string" ? link.title : link.url}</span>
              <IconExternalLink className="icon-s t3" aria-hidden="true" />
            </a>
          </li>
        ))}
      </ul>
      <div className={e.tags}>
        {page.row.tags.map((tag) => (
          <Link key={tag} to="/catalog" search={{ tag: [tag] }} className={tagClass ?? ""}>
            {tag}
          </Link>
        ))}
      </div>
    </Section>
  );
}
