import { useState } from "react";
import axios from "axios";

interface Sailing {
  readonly id: string;
  readonly departs: string;
  readonly vessel: string;
}

export function Search() {
  const [sailings, setSailings] = useState<readonly Sailing[]>([]);
  async function find(route: string) {
    const answer = await axios.get<Sailing[]>("/api/sailings", { params: { route } });
    setSailings(answer.data);
  }
  return (
    <main>
      <h1>Where to?</h1>
      <button onClick={() => find("sandvik-holm")}>Sandvik to Holm</button>
      <ul>
        {sailings.map((sailing) => (
          <li key={sailing.id}>
            {sailing.departs} with {sailing.vessel}
          </li>
        ))}
      </ul>
    </main>
  );
}
