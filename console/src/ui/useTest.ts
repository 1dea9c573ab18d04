/** A test of a connection as a page follows it: one at a time, a new one ends the one before. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Check, Report, Tester } from "../api/connections";

export type TestState = {
  phase: "idle" | "running" | "ended" | "stopped";
  checks: Check[];
  /** Of the test before, shown until the same check ends again. */
  before: Check[];
  report: Report | null;
  error: Error | null;
};

const IDLE: TestState = { phase: "idle", checks: [], before: [], report: null, error: null };

export function useTest() {
  const [state, setState] = useState<TestState>(IDLE);
  const current = useRef<AbortController | null>(null);
  useEffect(() => () => current.current?.abort(), []);

  const run = useCallback(async (tester: Tester): Promise<Report | null> => {
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    setState((now) => ({ ...IDLE, phase: "running", before: now.checks.length > 0 ? now.checks : now.before }));
    try {
      const report = await tester(mine.signal, (check) => {
        if (current.current === mine) setState((now) => ({ ...now, checks: [...now.checks, check] }));
      });
      if (current.current !== mine) return null;
      current.current = null;
      setState({ ...IDLE, phase: "ended", checks: report.checks, report });
      return report;
    } catch (cause) {
      if (current.current !== mine) return null;
      current.current = null;
      const error = cause instanceof Error ? cause : new Error(String(cause));
      setState((now) => ({ ...now, phase: "stopped", error }));
      return null;
    }
  }, []);

  const stop = useCallback(() => {
    if (!current.current) return;
    current.current.abort();
    current.current = null;
    setState((now) => ({ ...now, phase: "stopped" }));
  }, []);

  /** A report that came another way: with a refusal, or kept from the last test. */
  const show = useCallback((report: Report) => {
    current.current?.abort();
    current.current = null;
    setState({ ...IDLE, phase: "ended", checks: report.checks, report });
  }, []);

  const clear = useCallback(() => {
    current.current?.abort();
    current.current = null;
    setState(IDLE);
  }, []);

  return { ...state, run, stop, show, clear };
}
