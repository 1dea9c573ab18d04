/** A button that reads something again. After the act it names the audit row. */
import { IconRefresh } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type RefreshTarget, refreshCatalog } from "../api/queries";
import { plural } from "../lib/time";
import { Act } from "./Act";

export function Refresh({ target, label = "Refresh" }: { target: RefreshTarget; label?: string }) {
  const on = target.ref ?? target.project ?? target.connection ?? "";
  const act = useMutation({ mutationFn: () => refreshCatalog(target) });
  const said = act.data
    ? `Reading again (${plural(act.data.queued, "read")} queued) · audit row ${act.data.permit}`
    : (act.error?.message ?? null);
  return (
    <span className="row">
      <span role="status" className={`sm ${act.error ? "red" : "t3"}`} hidden={!said}>
        {said}
      </span>
      <Act action="RefreshCatalog" on={on} label={label} icon={IconRefresh} run={() => act.mutateAsync()} />
    </span>
  );
}
