/** Times for people: "40 s", "18 min", "2 d". Pure; the ticking lives in ui/Age. */
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in seconds as one number and unit. Never negative: clocks differ. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)} h`;
  return `${Math.floor(s / DAY)} d`;
}

/** Seconds between an RFC 3339 time and now (epoch milliseconds); null when the time cannot be read. */
export function ageSeconds(time: string, now: number): number | null {
  const at = Date.parse(time);
  return Number.isNaN(at) ? null : Math.max(0, (now - at) / 1000);
}

/** "20 Nov 2026, 18:04:12" in the reader's own zone, for the exact time on hover. */
export function exact(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  return at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** `1184` → "1,184". */
export function count(n: number): string {
  return n.toLocaleString("en");
}

/** "1 problem", "2 problems". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** What is still to come: "in 40 s"; "now" when it is due. */
export function until(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000;
  return seconds < 1 ? "now" : `in ${span(seconds)}`;
}
