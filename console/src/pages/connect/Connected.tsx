/** What stands in the place of the form when the connection is made. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Connection } from "../../api/connections";
import { shownUrl } from "../../lib/draft";
import p from "./connect.module.css";

export function Connected({ connection, again }: { connection: Connection; again: () => void }) {
  const here = useRef<HTMLDivElement>(null);
  // The button that was pressed is gone: the focus goes where the answer is.
  useEffect(() => here.current?.focus({ preventScroll: true }), []);
  const acts = connection.report?.acts ?? false;
  return (
    <div ref={here} tabIndex={-1} className={p.done} role="status">
      <p>
        <strong>{acts ? "Connected." : "Connected, reading only."}</strong>{" "}
        <span className="t2">
          <b>{connection.name}</b> reads {shownUrl(connection.url)}
          {connection.permit ? <span className="t3"> · audit row {connection.permit}</span> : "."}
        </span>
      </p>
      <div className={p.buttons}>
        <Button component={Link} to="/catalog" variant="filled" size="md">
          Open the catalog
        </Button>
        <Button size="md" leftSection={<IconPlus className="icon-s" aria-hidden="true" />} onClick={again}>
          Connect another
        </Button>
      </div>
      <p className="sm t3">
        Token, rules and webhooks are under{" "}
        <Link to="/settings/connections/$name" params={{ name: connection.name }} className="link">
          Settings
        </Link>
        .
      </p>
    </div>
  );
}
