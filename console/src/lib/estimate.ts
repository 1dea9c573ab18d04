/** How long a first read still takes, from what it did so far. Pure. */

/** Before this (s) the pace says nothing yet. */
const EARLY = 2;

/** Seconds left, or null while nothing can be said. */
export function secondsLeft(
  startedAt: string | null,
  seen: number,
  expected: number | null,
  now: number,
): number | null {
  if (!startedAt || !expected || seen <= 0) return null;
  const elapsed = (now - Date.parse(startedAt)) / 1000;
  if (!(elapsed >= EARLY)) return null;
  return Math.max(0, (elapsed * (expected - seen)) / seen);
}

/** "about 2 min left": coarse, so that it does not flicker. */
export function leftText(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds <= 10) return "a few seconds left";
  if (seconds <= 55) return `about ${Math.ceil(seconds / 10) * 10} s left`;
  if (seconds <= 90 * 60) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}
