/** The jobs as a table, and as a list where there is no room for one. */
import { IconCircleDashed, IconLoader2, IconRefresh, IconRotateClockwise, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Job } from "../../api/solid";
import { nextText, projectOf, stateWord } from "../../lib/queue";
import { exact, plural } from "../../lib/time";
import { Act } from "../../ui/Act";
import { Age } from "../../ui/Age";
import { BrokenIcon } from "../../ui/icons";
import { useNow } from "../../ui/now";
import q from "./queue.module.css";

type Acts = { retry: (job: Job) => unknown; drop: (job: Job) => void };
type Props = Acts & { jobs: Job[]; cursor: number };

export function JobTable({ jobs, cursor, ...acts }: Props) {
  return (
    <table className={q.table} aria-label="Jobs">
      <colgroup>
        <col style={{ width: 104 }} />
        <col />
        <col style={{ width: 176 }} />
        <col style={{ width: 72 }} />
        <col style={{ width: 152 }} />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">What</th>
          <th scope="col">When</th>
          <th scope="col">Tries</th>
          <th scope="col">
            <span className={q.hidden}>Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job, i) => (
          <tr key={job.id} data-row={i} {...(i === cursor ? { "data-cursor": true } : {})}>
            <td>
              <State job={job} />
            </td>
            <td>
              <What job={job} />
              <LastError job={job} />
            </td>
            <td className="t2">
              <When job={job} />
            </td>
            <td className="t2">{job.attempts}</td>
            <td>
              <Do job={job} {...acts} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function JobRows({ jobs, cursor, ...acts }: Props) {
  return (
    <ul className={q.list} aria-label="Jobs">
      {jobs.map((job, i) => (
        <li key={job.id} data-row={i} {...(i === cursor ? { "data-cursor": true } : {})}>
          <div className="row">
            <State job={job} />
            <span className="t3 sm">{plural(job.attempts, "try", "tries")}</span>
          </div>
          <What job={job} />
          <LastError job={job} />
          <div className="t2 sm">
            <When job={job} />
          </div>
          <Do job={job} {...acts} />
        </li>
      ))}
    </ul>
  );
}

function State({ job: { state } }: { job: Job }) {
  const word = stateWord(state);
  if (state === "dead") {
    return (
      <span className="row g6 red md">
        <BrokenIcon /> {word}
      </span>
    );
  }
  const Icon = state === "running" ? IconLoader2 : state === "retrying" ? IconRotateClockwise : IconCircleDashed;
  return (
    <span className={`row g6 ${state === "waiting" ? "t3" : ""}`}>
      <Icon className={`icon-s ${state === "running" ? "turn" : ""}`} aria-hidden="true" /> {word}
    </span>
  );
}

/** What is read, of which project, through which connection; each leads to where it is known. */
function What({ job }: { job: Job }) {
  const project = projectOf(job);
  const shown = job.about === job.connection ? null : job.about;
  return (
    <div className={q.what}>
      <span className="md">{job.title}</span>{" "}
      {project ? (
        <Link to="/catalog" search={{ project: [project] }} className="quiet-hover">
          {project}
        </Link>
      ) : shown ? (
        <span>{shown}</span>
      ) : null}{" "}
      {job.connection ? (
        <span className="t3 sm">
          {project || shown ? "from " : "of "}
          <Link to="/settings/connections/$name" params={{ name: job.connection }} className="quiet-hover">
            {job.connection}
          </Link>
        </span>
      ) : null}
    </div>
  );
}

function LastError({ job }: { job: Job }) {
  if (!job.lastError) return null;
  return <div className={q.error}>{job.lastError}</div>;
}

function When({ job }: { job: Job }) {
  const now = useNow();
  return (
    <>
      <div title={exact(job.deadAt ?? job.runAt)}>{nextText(job, now)}</div>
      {job.failedAt ? (
        <div className="t3 sm">
          failing for <Age time={job.failedAt} />
        </div>
      ) : null}
    </>
  );
}

/** Only what was given up waits for a person; everything else goes on by itself. */
function Do({ job, retry, drop }: Acts & { job: Job }) {
  if (job.state !== "dead") return null;
  return (
    <span className={q.acts}>
      <Act
        action="RetryJob"
        on={String(job.id)}
        label="Retry"
        about={job.about}
        icon={IconRefresh}
        size="xs"
        run={() => retry(job)}
      />
      <Act
        action="DropJob"
        on={String(job.id)}
        label="Drop…"
        about={job.about}
        icon={IconTrash}
        size="xs"
        run={() => drop(job)}
      />
    </span>
  );
}
