/** The states of a job, the worst first. A file of its own: the addresses of pages know them before any page is loaded. */
import type { JobState } from "../api/solid";

export const JOB_STATES: readonly JobState[] = ["dead", "retrying", "running", "waiting"];

export function readState(value: string | undefined): JobState | undefined {
  return JOB_STATES.find((state) => state === value);
}
