/** Which field a refusal speaks of. Pure. */
import { ApiError } from "../api/client";

/** `/discovery/projects/0` → `projects`, `people.restrictTo` → `people.restrictTo`: without numbers of list entries. */
function keyOf(pointer: string): string {
  const parts = pointer
    .replace(/^#?\/?/, "")
    .split(/[/.]/)
    .filter((part) => part !== "" && !/^\d+$/.test(part));
  return (parts[0] === "discovery" ? parts.slice(1) : parts).join(".");
}

/** Refusals that name no field and yet speak of one, by the stable name of the problem. */
const FIELD_OF: Record<string, string> = { "name-taken": "name", "same-instance": "url" };

export type Faults = ReadonlyMap<string, string>;

export const NO_FAULTS: Faults = new Map();

/** By field: what is wrong and what to do. Empty when the refusal names no field. */
export function faultsOf(error: unknown): Faults {
  const faults = new Map<string, string>();
  if (!(error instanceof ApiError)) return faults;
  const field = FIELD_OF[error.slug];
  if (field) return faults.set(field, error.detail || error.message);
  for (const { pointer, message, detail, remedy } of error.errors) {
    const what = typeof message === "string" ? message : detail;
    if (typeof pointer !== "string" || typeof what !== "string") continue;
    const key = keyOf(pointer);
    const text = typeof remedy === "string" ? `${what.replace(/\.$/, "")}. ${remedy}` : what;
    faults.set(key, faults.has(key) ? `${faults.get(key)} ${text}` : text);
  }
  return faults;
}
