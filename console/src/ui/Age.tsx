/** How long ago, ticking, with the exact time on hover. */
import { ageSeconds, exact, span } from "../lib/time";
import { useNow } from "./now";

export function Age({ time, suffix = "" }: { time: string | null | undefined; suffix?: string }) {
  const now = useNow();
  if (!time) return <>Never</>;
  const age = ageSeconds(time, now);
  if (age === null) return <>{time}</>;
  return (
    <time dateTime={time} title={exact(time)} className="nowrap">
      {span(age)}
      {suffix}
    </time>
  );
}
