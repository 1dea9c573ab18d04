/** Jobs in words: what state one is in, what comes next for it, and what dropping it would mean. */
import type { Job, JobCounts, JobState, Queue } from "../api/solid";
import { JOB_STATES } from "./states";
import { ageSeconds, span, until } from "./time";

const WORDS: Record<JobState, string> = {
  dead: "Dead",
  retrying: "Retrying",
  running: "Running",
  waiting: "Waiting",
};

/** A state that this page does not know yet is shown as the server calls it. */
export function stateWord(state: string): string {
  return WORDS[state as JobState] ?? state;
}

export function allJobs(counts: JobCounts): number {
  return JOB_STATES.reduce((sum, state) => sum + counts[state], 0);
}

/** What happens to it next, or what happened last. */
export function nextText(job: Job, now: number): string {
  const due = Date.parse(job.runAt) <= now;
  switch (job.state) {
    case "dead": {
      const age = job.deadAt ? ageSeconds(job.deadAt, now) : null;
      return age === null ? "Given up" : `Given up ${span(age)} ago`;
    }
    case "retrying":
      return due ? "Tried again now" : `Tried again ${until(job.runAt, now)}`;
    case "running":
      return "Runs now";
    default:
      return due ? `Due for ${span(ageSeconds(job.runAt, now) ?? 0)}` : `Due ${until(job.runAt, now)}`;
  }
}

/** Jobs about one project. Their key is the connection and the number of the project when its path is not known. */
const OF_PROJECT = new Set(["catalog.project", "catalog.commits"]);

/** The full path of the project that a job is about, as far as it is known. */
export function projectOf(job: Pick<Job, "kind" | "about" | "connection">): string | null {
  if (!OF_PROJECT.has(job.kind) || !job.about.includes("/")) return null;
  const front = `${job.connection ?? ""}/`;
  const isKey = job.about.startsWith(front) && /^\d+$/.test(job.about.slice(front.length));
  return isKey ? null : job.about;
}

/** What is lost with a job: mostly nothing, because events only wake and the next reading finds the same. */
export function dropText(job: Pick<Job, "kind" | "connection">): string {
  switch (job.kind) {
    case "catalog.project":
      return `What is shown of it stays as it is, until a push or the next complete read of ${job.connection} finds it.`;
    case "catalog.commits":
      return `Whose the commits are is not looked up now; the next complete read of ${job.connection} asks again.`;
    case "catalog.pass":
    case "catalog.poll":
      return `The next one of ${job.connection} by the timetable reads the same.`;
    default:
      return "Nothing does it later unless something asks for it anew.";
  }
}

/** Above this something due for so long is worth a look (seconds). */
export const LATE = 60;

export function oldestAge(oldestDue: string | null, now: number): number | null {
  return oldestDue === null ? null : ageSeconds(oldestDue, now);
}

/** Nothing failed and nothing waits for longer than it should. */
export function allIsWell({ counts, oldestDue }: Pick<Queue, "counts" | "oldestDue">, now: number): boolean {
  return counts.dead + counts.retrying === 0 && (oldestAge(oldestDue, now) ?? 0) <= LATE;
}
