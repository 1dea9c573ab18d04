"use client";
import useSWR from "swr";

type Sailing = { departs: string; vessel: string; delay: number };

const read = (url: string) => fetch(url).then((answer) => answer.json() as Promise<Sailing[]>);

export function Board({ route }: { route: string }) {
  const { data } = useSWR(`/api/routes/${route}/sailings`, read, { refreshInterval: 15_000 });
  return (
    <table>
      <tbody>
        {(data ?? []).map((sailing) => (
          <tr key={sailing.departs}>
            <td>{sailing.departs}</td>
            <td>{sailing.vessel}</td>
            <td>{sailing.delay > 0 ? `+${sailing.delay} min` : "on time"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
