/** The head of a dialog. Mantine's own is a `<header>`, which inside a dialog becomes a second banner of the page. */
import { CloseButton } from "@mantine/core";

export function DialogHead({ title, close }: { title: string; close: () => void }) {
  return (
    <div className="row" style={{ marginBottom: 8 }}>
      <h2 className="grow">{title}</h2>
      <CloseButton aria-label="Close" onClick={close} />
    </div>
  );
}
