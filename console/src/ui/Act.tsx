/**
 * A button that does something. It asks policy when it is shown: allowed is a normal button, refused is dashed with a
 * lock and explains which rule and who could. While it works, further presses do nothing, and it keeps the focus.
 */
import { Button } from "@mantine/core";
import { IconLoader2, IconLock, type TablerIcon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { permissionQuery } from "../api/queries";
import type { Permission } from "../api/types";
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

type Props = {
  /** The action policy is asked about, and on what. */
  action: string;
  on: string;
  label: string;
  /** In a list: which row, for those who do not see it beside the button. */
  about?: string;
  icon?: TablerIcon;
  variant?: "filled" | "default";
  size?: "xs" | "sm" | "md";
  submit?: boolean;
  run: () => unknown;
};

/** Runs one at a time: what is pressed while it runs is dropped, in the same tick too. */
export function useOnce(run: () => unknown): { busy: boolean; press: () => void } {
  const busy = useRef(false);
  const gone = useRef(false);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  const press = () => {
    if (busy.current) return;
    const work = run();
    if (!(work instanceof Promise)) return;
    busy.current = true;
    setShown(true);
    void work
      .catch(() => {})
      .finally(() => {
        busy.current = false;
        if (!gone.current) setShown(false);
      });
  };
  return { busy: shown, press };
}

export function Act(props: Props) {
  const { action, on, label, about, icon: Icon, variant = "default", size = "sm", submit = false, run } = props;
  const { data: permission, error } = useQuery(permissionQuery(action, on));
  const { busy, press } = useOnce(run);
  const [open, setOpen] = useState(false);
  // Pressed before policy has answered: done when it has, not dropped.
  const [early, setEarly] = useState(false);
  useEffect(() => {
    if (!early || !(permission || error)) return;
    setEarly(false);
    if (permission?.allowed) press();
    else if (permission) setOpen(true);
  }, [early, permission, error, press]);
  const refused = permission ? !permission.allowed : false;
  return (
    <span className={c.anchor}>
      <Button
        type={submit ? "submit" : "button"}
        variant={refused ? "default" : variant}
        size={size}
        className={refused ? (c.locked ?? "") : ""}
        leftSection={
          refused ? (
            <IconLock className="icon-s" aria-hidden="true" />
          ) : busy || early ? (
            <IconLoader2 className="icon-s turn" aria-hidden="true" />
          ) : Icon ? (
            <Icon className="icon-s" aria-hidden="true" />
          ) : null
        }
        aria-label={about ? `${label} ${about}` : undefined}
        aria-disabled={refused || busy || !permission}
        aria-expanded={refused ? open : undefined}
        title={
          permission
            ? `${permission.why}${permission.rule ? ` (rule ${permission.rule})` : ""}`
            : (error?.message ?? undefined)
        }
        onClick={(event) => {
          event.preventDefault();
          if (refused) setOpen(!open);
          else if (permission) press();
          else setEarly(!error);
        }}
      >
        {label}
      </Button>
      {open && refused && permission ? (
        <div className={c.explained}>
          <Decision permission={permission} />
        </div>
      ) : null}
    </span>
  );
}
