/** The keys, and the switch that turns the single ones off. */
import "@mantine/core/styles/Paper.layer.css";
import "@mantine/core/styles/Overlay.layer.css";
import "@mantine/core/styles/ModalBase.layer.css";
import "@mantine/core/styles/Modal.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import "@mantine/core/styles/InlineInput.layer.css";
import "@mantine/core/styles/Checkbox.layer.css";
import { Checkbox, Modal } from "@mantine/core";
import { useState } from "react";
import { setSingleKeys, singleKeysOn } from "../lib/keys";
import { DialogHead } from "../ui/DialogHead";
import { Kbd } from "../ui/parts";

const KEYS: [string[], string][] = [
  [["⌘", "K"], "Search, or type a command (Ctrl K elsewhere)"],
  [["/"], "Search in the list"],
  [["j"], "Next row"],
  [["k"], "Previous row"],
  [["Enter"], "Open the row"],
  [["Esc"], "Leave the field, go back to the list"],
  [["g", "h"], "Home"],
  [["g", "c"], "Catalog"],
  [["g", "p"], "Problems"],
  [["g", "s"], "Settings"],
  [["1…4"], "Tabs of an entity"],
  [["?"], "This help"],
];

export default function Help({ close }: { close: () => void }) {
  const [on, setOn] = useState(singleKeysOn);
  return (
    <Modal opened onClose={close} withCloseButton={false} attributes={{ content: { "aria-label": "Keys" } }} size={440}>
      <DialogHead title="Keys" close={close} />
      <dl style={{ display: "grid", gridTemplateColumns: "96px 1fr", rowGap: 8, alignItems: "center" }}>
        {KEYS.map(([keys, what]) => (
          <div key={what} style={{ display: "contents" }}>
            <dt className="row g4">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Checkbox
        mt={16}
        checked={on}
        label="Single keys do something (they never do inside a field)"
        onChange={(event) => {
          setOn(event.currentTarget.checked);
          setSingleKeys(event.currentTarget.checked);
        }}
      />
    </Modal>
  );
}
