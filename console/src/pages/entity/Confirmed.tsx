/** How old what is shown is: quietly while it is confirmed, in words when it is not or when nobody knows. */
import { IconAlertTriangle, IconCircleDashed } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useConnection } from "../../api/live";
import { statusQuery } from "../../api/queries";
import { freshnessIn } from "../../api/solid";
import type { EntityPage } from "../../api/types";
import { type Truth, truth } from "../../lib/truth";
import { Age } from "../../ui/Age";
import { useNow } from "../../ui/now";
import { Note, useLate } from "../../ui/parts";

/** A reconnect within this time (ms) is nobody's business; the bar above waits as long before it says so. */
const RECONNECT = 2000;

export function useTruth(page: EntityPage): Truth {
  const { data: status } = useQuery(statusQuery);
  const lost = useLate(useConnection() === "lost", RECONNECT);
  const connection = status?.connections.find((c) => c.name === page.source?.connection);
  return truth({ freshness: freshnessIn(page), connection, lost, now: useNow() });
}

export function Confirmed({ truth: t }: { truth: Truth }) {
  if (t.state === "fresh") {
    return (
      <span className="t3">
        Confirmed{" "}
        <span className="md" style={t.old ? { color: "var(--text)" } : { fontWeight: 400 }}>
          <Age time={t.confirmedAt} suffix=" ago" />
        </span>
      </span>
    );
  }
  return (
    <span className={`row g6 ${t.state === "stale" ? "amber" : "t2"}`}>
      {t.state === "stale" ? (
        <IconAlertTriangle className="icon-s" aria-hidden="true" />
      ) : (
        <IconCircleDashed className="icon-s" aria-hidden="true" />
      )}
      <span>
        {t.state === "stale" ? "Stale" : "Not confirmed"}
        {t.confirmedAt ? (
          <>
            , last confirmed <Age time={t.confirmedAt} suffix=" ago" />
          </>
        ) : null}
      </span>
    </span>
  );
}

export function AgeNote({ truth: t }: { truth: Truth }) {
  if (t.state === "fresh") return null;
  return (
    <div style={{ margin: "6px 0 8px" }}>
      <Note {...(t.state === "stale" ? { tone: "amber" as const } : {})}>
        <strong>
          {t.state === "stale" ? "The last good state is shown." : "Whether this still holds is not known."}
        </strong>{" "}
        {t.reason ? (
          <>
            {t.since ? (
              <>
                For <Age time={t.since} />:{" "}
              </>
            ) : null}
            {t.reason}.
          </>
        ) : t.state === "unknown" ? (
          "GitLab has not confirmed it since Stagedoor started."
        ) : null}{" "}
        {t.next}
        {t.act ? (
          <>
            {" "}
            <Link
              to="/settings/connections/$name"
              params={{ name: t.act }}
              className="link"
              style={{ textDecoration: "underline" }}
            >
              Open the connection
            </Link>
          </>
        ) : null}
      </Note>
    </div>
  );
}
