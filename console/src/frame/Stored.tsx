/** What Stagedoor keeps of what a person enters and of what it reads. */
import "@mantine/core/styles/Paper.layer.css";
import "@mantine/core/styles/Overlay.layer.css";
import "@mantine/core/styles/ModalBase.layer.css";
import "@mantine/core/styles/Modal.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import { Modal } from "@mantine/core";
import { DialogHead } from "../ui/DialogHead";

const KEPT: [string, string][] = [
  [
    "The token, a proxy's password, secrets of webhooks",
    "Encrypted in Stagedoor's database, with a key from a file outside of it. No page, log or audit row shows them again.",
  ],
  ["Address, proxy, certificates", "As you give them."],
  [
    "What is read",
    "Catalog files and what they include, CODEOWNERS, projects, groups, members, and whose most of the recent commits are, so that pages answer at once. No code.",
  ],
  ["What is done", "Every action with person and time, in the audit trail."],
];

export default function Stored({ close }: { close: () => void }) {
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      attributes={{ content: { "aria-label": "What is stored" } }}
      size={480}
    >
      <DialogHead title="What is stored" close={close} />
      <dl style={{ display: "grid", gap: 12 }}>
        {KEPT.map(([what, how]) => (
          <div key={what}>
            <dt className="md">{what}</dt>
            <dd className="t2">{how}</dd>
          </div>
        ))}
      </dl>
      <p className="t3 sm" style={{ marginTop: 16 }}>
        Removing a connection deletes its secrets and everything it brought. Nothing is sent to anybody but that GitLab,
        through its proxy where it has one.
      </p>
    </Modal>
  );
}
