/** How long ago, ticking, with the exact time on hover. */
import { ageSeconds, exact, span } from "../lib/time";
import { useNow } from "./now";

const LONG_AGO = Date.parse("2000-01-01T00:00:00Z");

export function Age({ time, suffix = "" }: { time: string | null | undefined; suffix?: string }) {
  const now = useNow();
  if (!time) return <>Never</>;
  const age = ageSeconds(time, now);
  if (age === null) return <>{time}</>;
  // The epoch stands for "not known".
  if (Date.parse(time) < LONG_AGO) return <span className="t3">–</span>;
  return (
    <time dateTime={time} title={exact(time)} className="nowrap">
      {span(age)}
      {suffix}
    </time>
  );
}
