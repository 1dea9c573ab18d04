import { useEffect, useState } from "react";
import { get, set } from "idb-keyval";

interface Watch {
  readonly from: string;
  readonly to: string;
  readonly ship: string;
}

export function Rota() {
  const [watches, setWatches] = useState<readonly Watch[]>([]);
  useEffect(() => {
    get<Watch[]>("rota").then((kept) => kept && setWatches(kept));
    fetch("/api/rota")
      .then((answer) => answer.json())
      .then((fresh: Watch[]) => {
        setWatches(fresh);
        return set("rota", fresh);
      })
      .catch(() => undefined);
  }, []);
  return (
    <ol>
      {watches.map((watch) => (
        <li key={watch.from}>
          {watch.from} to {watch.to}, {watch.ship}
        </li>
      ))}
    </ol>
  );
}
