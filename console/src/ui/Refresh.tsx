/**
 * A button that reads something again. It asks policy when it is shown: allowed is a normal button, refused is dashed
 * with a lock and explains which rule and who could. After the act it names the audit row.
 */
import { Button } from "@mantine/core";
import { IconLock, IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { permissionQuery, type RefreshTarget, refreshCatalog } from "../api/queries";
import type { Permission } from "../api/types";
import { plural } from "../lib/time";
import c from "./parts.module.css";

export function Decision({ permission }: { permission: Permission }) {
  return (
    <div className={c.decision}>
      <strong>{permission.allowed ? "Allowed" : "Not allowed"}</strong>
      <div>{permission.why}</div>
      <dl>
        {permission.rule ? (
          <>
            <dt>Rule</dt>
            <dd>
              <code>{permission.rule}</code>
            </dd>
          </>
        ) : null}
        {permission.who ? (
          <>
            <dt>Who can</dt>
            <dd>{permission.who}</dd>
          </>
        ) : null}
      </dl>
    </div>
  );
}

export function Refresh({ target, label = "Refresh" }: { target: RefreshTarget; label?: string }) {
  const on = target.ref ?? target.project ?? target.connection ?? "";
  const { data: permission, error } = useQuery(permissionQuery("RefreshCatalog", on));
  const act = useMutation({ mutationFn: () => refreshCatalog(target) });
  const [open, setOpen] = useState(false);
  const refused = permission ? !permission.allowed : false;
  const said = act.data
    ? `Reading again (${plural(act.data.queued, "read")} queued) · audit row ${act.data.permit}`
    : (act.error?.message ?? error?.message ?? null);
  return (
    <span className="row">
      <span role="status" className={`sm ${act.error || error ? "red" : "t3"}`} hidden={!said}>
        {said}
      </span>
      <span className={c.anchor}>
        <Button
          className={refused ? (c.locked ?? "") : ""}
          leftSection={refused ? <IconLock className="icon-s" /> : <IconRefresh className="icon-s" />}
          aria-disabled={refused || !permission}
          aria-expanded={refused ? open : undefined}
          title={permission ? `${permission.why}${permission.rule ? ` (rule ${permission.rule})` : ""}` : undefined}
          loading={act.isPending}
          onClick={() => {
            if (refused) setOpen(!open);
            else if (permission) act.mutate();
          }}
        >
          {label}
        </Button>
        {open && permission ? (
          <div className={c.explained}>
            <Decision permission={permission} />
          </div>
        ) : null}
      </span>
    </span>
  );
}
