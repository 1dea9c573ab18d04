import { extract } from "tar";

/** Unpacks a freight manifest; nothing leaves the folder of its upload. */
export async function unpack(archive: string, folder: string): Promise<void> {
  await extract({ file: archive, cwd: folder, strict: true });
}
