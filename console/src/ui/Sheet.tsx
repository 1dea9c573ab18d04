/** A drawer from below, for a phone. Its own chunk. */
import "@mantine/core/styles/Paper.layer.css";
import "@mantine/core/styles/Overlay.layer.css";
import "@mantine/core/styles/ModalBase.layer.css";
import "@mantine/core/styles/Drawer.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { DialogHead } from "./DialogHead";

export default function Sheet({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  return (
    <Drawer
      opened
      onClose={close}
      withCloseButton={false}
      attributes={{ content: { "aria-label": title } }}
      position="bottom"
      size="80%"
    >
      <DialogHead title={title} close={close} />
      {children}
    </Drawer>
  );
}
