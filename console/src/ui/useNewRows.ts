/** Counts what changed while a list stands still: lists sorted by time, and long ones, do not move under the reader. */
import { useEffect, useState } from "react";
import { onEntities } from "../api/live";

export function useNewRows(active: boolean): { waiting: number; clear: () => void } {
  const [refs, setRefs] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (!active) return;
    return onEntities((event) => {
      setRefs((now) => new Set([...now, ...event.changed, ...event.removed]));
    });
  }, [active]);
  useEffect(() => {
    if (!active) setRefs(new Set());
  }, [active]);
  return { waiting: refs.size, clear: () => setRefs(new Set()) };
}
