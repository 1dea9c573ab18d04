/** What Stagedoor still has to do: how much of it, how late it is, and what was given up and waits for a person. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconCircleCheck, IconRefresh } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { type Job, type JobState, type Queue as Jobs, queueQuery, retryDead, retryJob } from "../../api/solid";
import { allIsWell, allJobs, LATE, oldestAge, stateWord } from "../../lib/queue";
import { JOB_STATES } from "../../lib/states";
import { count, plural } from "../../lib/time";
import { Act } from "../../ui/Act";
import { Age } from "../../ui/Age";
import { useNow } from "../../ui/now";
import { Bones, Empty, Failure, Note } from "../../ui/parts";
import { useCursor } from "../../ui/useCursor";
import s from "../settings/settings.module.css";
import { SettingsTabs } from "../settings/Tabs";
import { JobRows, JobTable } from "./Jobs";
import q from "./queue.module.css";

const Drop = lazy(() => import("./Drop"));
const FROM = "/settings/queue";
const SHOWN = 50;

const RULE =
  "A job that fails is tried again, later each time. One that was given up stays here as dead, with its last error, until somebody retries or drops it.";

type Said = { text: string; failed: boolean };

export function Queue() {
  const { state } = useSearch({ from: FROM });
  const where = useRouterState({ select: (router) => router.location.href });
  const phone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  const client = useQueryClient();
  const [limit, setLimit] = useState(SHOWN);
  const { data, error, isPending, refetch } = useQuery(queueQuery(state, limit));
  const [said, setSaid] = useState<Said | null>(null);
  const [dropped, setDropped] = useState<Job | null>(null);
  const page = useRef<HTMLDivElement>(null);
  const status = useRef<HTMLDivElement>(null);
  const scrollTo = useCallback(
    (row: number) => page.current?.querySelector(`[data-row="${row}"]`)?.scrollIntoView({ block: "nearest" }),
    [],
  );
  const cursor = useCursor({ where, count: data?.items.length ?? 0, scrollTo, container: page });

  /** Says what came of it. The row it was about may be gone, and the focus with it. */
  const tell = async (text: string, failed = false) => {
    setSaid({ text, failed });
    await client.invalidateQueries({ queryKey: ["queue"] });
    status.current?.focus();
  };
  const attempt = async (run: () => Promise<string>, about: string) => {
    try {
      await tell(await run());
    } catch (cause) {
      await tell(failure(cause, about), true);
    }
  };
  const retry = (job: Job) =>
    attempt(async () => {
      const { audit } = await retryJob(job.id);
      return `${job.title}, ${job.about}: tried again now · audit row ${audit}`;
    }, `${job.title}, ${job.about}`);
  const retryAll = () =>
    attempt(async () => {
      const { audit, retried } = await retryDead();
      return `${plural(retried, "dead job")} tried again now · audit row ${audit}`;
    }, "The dead jobs");
  const acts = { retry, drop: setDropped };
  const shown = data?.items.length ?? 0;
  const total = data ? (state ? data.counts[state] : allJobs(data.counts)) : 0;
  return (
    <div className={s.page} ref={page}>
      <h1 className={s.title}>Settings</h1>
      <SettingsTabs wide />
      <section aria-labelledby="queue" className={q.wide}>
        <div className={q.head}>
          <h2 id="queue">Queue</h2>
          {data ? <Oldest queue={data} /> : null}
          <span className="grow" />
          {data && data.counts.dead > 0 ? (
            <Act
              action="RetryJob"
              on="dead"
              label={data.counts.dead === 1 ? "Retry the dead one" : `Retry all ${count(data.counts.dead)} dead`}
              icon={IconRefresh}
              run={retryAll}
            />
          ) : null}
        </div>
        {data ? <States counts={data.counts} state={state} /> : null}
        <div role="status" ref={status} tabIndex={-1} className={q.said}>
          {said ? <Note {...(said.failed ? { tone: "red" as const } : {})}>{said.text}</Note> : null}
        </div>
        {error ? (
          <div className={q.failed}>
            <Failure error={error} retry={() => void refetch()} />
            {data ? (
              <p className="sm t3">
                What is below was so <Age time={data.asOf} suffix=" ago" />.
              </p>
            ) : null}
          </div>
        ) : null}
        {isPending ? <Bones rows={8} height={52} /> : null}
        {data && shown > 0 ? (
          phone ? (
            <JobRows jobs={data.items} cursor={cursor.row} {...acts} />
          ) : (
            <JobTable jobs={data.items} cursor={cursor.row} {...acts} />
          )
        ) : null}
        {data && shown === 0 ? <Nothing queue={data} state={state} /> : null}
        {shown < total && shown > 0 ? (
          <div className={q.more}>
            <span className="t3 sm">
              The first {count(shown)} of {count(total)}
            </span>
            {shown >= limit ? <Button onClick={() => setLimit(limit * 4)}>Show more</Button> : null}
          </div>
        ) : null}
        {data && shown > 0 ? <p className={q.rule}>{RULE}</p> : null}
      </section>
      <Suspense fallback={null}>
        {dropped ? (
          <Drop
            job={dropped}
            close={() => setDropped(null)}
            done={(audit) => {
              setDropped(null);
              void tell(`${dropped.title}, ${dropped.about}: dropped · audit row ${audit}`);
            }}
          />
        ) : null}
      </Suspense>
    </div>
  );
}

function failure(cause: unknown, about: string): string {
  if (cause instanceof ApiError && cause.status === 404) {
    return `${about}: not in the queue any more. It was done, or dropped by somebody else.`;
  }
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const detail = error instanceof ApiError && error.detail !== error.message ? ` ${error.detail}` : "";
  return `${about}: ${error.message}.${detail}`;
}

/** Late is bold; the exact time is on hover. */
function Oldest({ queue }: { queue: Jobs }) {
  const now = useNow();
  const age = oldestAge(queue.oldestDue, now);
  return (
    <>
      {allIsWell(queue, now) ? (
        <span className="row g6 sm">
          <IconCircleCheck className={`icon-s ${s.green}`} aria-hidden="true" />
          All is well: nothing failed, nothing is late.
        </span>
      ) : null}
      <span className="t3 sm">
        {age === null ? (
          "Nothing is due."
        ) : (
          <>
            The oldest due has waited for{" "}
            <span className={age > LATE ? q.late : undefined}>
              <Age time={queue.oldestDue} />
            </span>
          </>
        )}
      </span>
    </>
  );
}

function States({ counts, state }: { counts: Jobs["counts"]; state: JobState | undefined }) {
  const navigate = useNavigate({ from: FROM });
  const put = (next: JobState | undefined) => void navigate({ search: next ? { state: next } : {}, replace: true });
  return (
    <Button.Group aria-label="State" className={q.states ?? ""}>
      {JOB_STATES.map((each) => {
        const on = state === each;
        return (
          <Button
            key={each}
            aria-pressed={on}
            className={on ? (s.chosen ?? "") : ""}
            onClick={() => put(on ? undefined : each)}
          >
            {stateWord(each)}&nbsp;
            <span className={on ? "" : each === "dead" && counts.dead > 0 ? "red" : "t3"}>{count(counts[each])}</span>
          </Button>
        );
      })}
    </Button.Group>
  );
}

function Nothing({ queue, state }: { queue: Jobs; state: JobState | undefined }) {
  const all = allJobs(queue.counts);
  if (state && all > 0) {
    return (
      <Empty
        what={state === "dead" ? "Nothing was given up." : `Nothing is ${state}.`}
        why={`${plural(all, "job")} in other states.`}
        action={
          <Link to="/settings/queue" search={{}} className="link">
            Show all
          </Link>
        }
      />
    );
  }
  return (
    <Empty
      what="Nothing is to be done."
      why={`What has to be read from GitLab stands here while it waits and runs. ${RULE}`}
    />
  );
}
