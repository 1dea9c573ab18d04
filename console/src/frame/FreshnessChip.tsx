/** The age of the data, in the bar of every page: "Synced 40 s ago", bold when old, a red triangle when incomplete. */
import { IconAlertTriangle, IconLoader2, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { statusQuery } from "../api/queries";
import { freshness } from "../lib/freshness";
import { useNow } from "../ui/now";
import c from "./frame.module.css";

export function FreshnessChip() {
  const { data } = useQuery(statusQuery);
  const now = useNow();
  if (!data) return null;
  const { text, old, trouble, word, busy } = freshness(data, now);
  const Icon = trouble ? IconAlertTriangle : busy ? IconLoader2 : IconRefresh;
  const label = trouble ? `${text}. ${trouble}` : text;
  return (
    <Link to="/settings" search={{}} className={c.fresh} title={label} {...(old ? { "data-old": true } : {})}>
      <Icon
        className={`icon-s ${trouble ? "red" : "t3"} ${busy && !trouble ? "turn" : ""}`}
        {...(trouble
          ? { role: "img", "aria-label": word === "failing" ? "Failing:" : "Incomplete:" }
          : { "aria-hidden": true })}
      />
      {text}
      {trouble ? <span className="red not-phone">· {word}</span> : null}
    </Link>
  );
}
