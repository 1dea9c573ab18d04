/** The pages under Settings. What waits for a person in the queue is counted here, so that nobody has to look for it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { queueCountsQuery } from "../../api/solid";
import { count } from "../../lib/time";
import t from "./tabs.module.css";

const TABS = [
  ["/settings", "Connections"],
  ["/settings/queue", "Queue"],
  ["/settings/system", "System"],
] as const;

/** `wide`: the page below is. */
export function SettingsTabs({ wide = false }: { wide?: boolean }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { data } = useQuery(queueCountsQuery);
  const dead = data?.counts.dead ?? 0;
  return (
    <nav className={t.tabs} aria-label="Settings" {...(wide ? { "data-wide": true } : {})}>
      {TABS.map(([to, label]) => (
        <Link
          key={to}
          to={to}
          className={t.tab}
          activeProps={{}}
          {...(path === to ? { "data-active": true, "aria-current": "page" as const } : {})}
        >
          {label}
          {to === "/settings/queue" && dead > 0 ? <span className="red sm"> {count(dead)} dead</span> : null}
        </Link>
      ))}
    </nav>
  );
}
