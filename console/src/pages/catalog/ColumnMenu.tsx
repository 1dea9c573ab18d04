/** Which columns the list shows. Its own chunk; opens when it arrives. */
import "@mantine/core/styles/Popover.layer.css";
import "@mantine/core/styles/Menu.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import { Button, Menu } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { COLUMNS, type ColumnMeta, readColumns, writeColumns } from "./columns";

type Props = { cols: string | undefined; put: (cols: string | undefined) => void };

export default function ColumnMenu({ cols, put }: Props) {
  const shown = readColumns(cols);
  return (
    <Menu defaultOpened closeOnItemClick={false} position="bottom-end" width={180}>
      <Menu.Target>
        <Button className="not-phone" leftSection={<IconColumns3 className="icon-s" aria-hidden="true" />}>
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {COLUMNS.map((def) => {
          const id = def.id ?? "";
          const meta = def.meta as ColumnMeta;
          const on = shown.includes(id);
          return (
            <Menu.CheckboxItem
              key={id}
              disabled={meta.always ?? false}
              checked={on}
              onChange={() => put(writeColumns(on ? shown.filter((s) => s !== id) : [...shown, id]))}
            >
              {meta.label}
            </Menu.CheckboxItem>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
