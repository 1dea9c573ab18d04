/** One problem on two lines: what is wrong, then where it stands and what to do. */
import type { ProblemRow } from "../../api/types";
import { codeWord } from "../../lib/codes";
import { sentence, shortRef } from "../../lib/ref";
import { Age } from "../../ui/Age";
import { EntityLink } from "../../ui/EntityLink";
import c from "../../ui/list.module.css";
import { Place } from "../../ui/ProblemLine";
import { Severity } from "../../ui/parts";

export function ProblemItem({ problem }: { problem: ProblemRow }) {
  const name = problem.ref ? shortRef(problem.ref) : (problem.project?.path ?? problem.file ?? "");
  return (
    <>
      <span className={c.lead}>
        <Severity
          severity={problem.code === "conflict" ? "partial" : problem.severity}
          word={problem.code === "conflict" ? "Conflict" : sentence(problem.severity)}
          bare
        />
      </span>
      <div className="grow">
        <div className={c.message} title={problem.message}>
          {problem.ref ? (
            <EntityLink to={problem.ref} className={c.name ?? ""}>
              {name}
            </EntityLink>
          ) : (
            <a className={c.name} href={problem.url ?? problem.project?.url ?? "#"} target="_blank" rel="noreferrer">
              {name}
            </a>
          )}{" "}
          <span className="t2">{problem.message}</span>
        </div>
        <div className={`${c.sub} row g6`} style={{ marginTop: 2 }}>
          <span className="nowrap md t2">{codeWord(problem.code)}</span>
          {problem.file || problem.url ? (
            <span className={`${c.place} cut`}>
              <Place problem={problem} />
            </span>
          ) : null}
          <span className="cut not-phone" title={problem.remedy}>
            {problem.remedy}
          </span>
        </div>
      </div>
      <div className={`${c.when} not-phone`} style={{ width: 140 }}>
        <div className="cut t2">{problem.owner ? problem.owner.name : "No owner"}</div>
        <Age time={problem.since} />
      </div>
    </>
  );
}
