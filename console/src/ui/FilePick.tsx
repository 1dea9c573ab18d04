/** A file that is read here, in the browser, and goes nowhere as a file. */
import { Button } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useRef } from "react";

type Props = { label: string; accept: string; take: (text: string, name: string) => void };

export function FilePick({ label, accept, take }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <span>
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={label}
        onChange={async (event) => {
          const field = event.currentTarget;
          const file = field.files?.[0];
          if (file) take(await file.text(), file.name);
          // The same file again is a change too.
          field.value = "";
        }}
      />
      <Button
        size="xs"
        leftSection={<IconFileUpload className="icon-s" aria-hidden="true" />}
        onClick={() => input.current?.click()}
      >
        {label}
      </Button>
    </span>
  );
}
