/** The first sync: how far it is. Shown until everything was read once. */
import "@mantine/core/styles/Progress.layer.css";
import { Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../api/queries";
import { isFilling, phaseText, progress } from "../lib/freshness";
import { plural } from "../lib/time";
import { Note } from "./parts";

export function Filling() {
  const { data: status } = useQuery(statusQuery);
  const filling = status?.connections.filter(isFilling) ?? [];
  if (filling.length === 0) return null;
  return (
    <div aria-live="polite" style={{ display: "grid", gap: 16, paddingBlock: 16, maxWidth: 560 }}>
      {filling.map((connection) => {
        const part = progress(connection);
        return (
          <div key={connection.name} style={{ display: "grid", gap: 6 }}>
            <div className="row">
              <strong>The catalog is filling</strong>
              <span className="t3">{connection.name}</span>
              <span className="grow" />
              <span className="t2">{plural(connection.entities, "entity", "entities")}</span>
            </div>
            <Progress
              value={part === null ? 100 : part * 100}
              size={4}
              color={part === null ? "gray.4" : "gray.7"}
              aria-label={`Reading ${connection.name}`}
            />
            <div className="t3 sm">{phaseText(connection)}</div>
            {connection.error ? (
              <Note tone="red">
                <strong>{connection.error.message}</strong>
                <div>{connection.error.remedy}</div>
              </Note>
            ) : null}
          </div>
        );
      })}
    </div>
  );
}
