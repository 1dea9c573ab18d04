/** The queue of what nobody is known to own: what is known, and the next step. Pure. */
import type { EntityRow } from "../api/types";

export type Owned = NonNullable<EntityRow["owner"]>;

export function ownerOf(row: EntityRow): Owned | null {
  const { owner } = row;
  return owner && owner.evidence !== "missing" ? owner : null;
}

/** Where the owner is to be written down, from what is known of the source. */
export type Source = { file: string | null; ref: string | null; editUrl: string | null };

/** `exact`: the very page; otherwise the best guess without asking for more. */
export type Step = { url: string; exact: boolean };

/** What has a catalog file names its owner there; everything else gets a CODEOWNERS file. */
export function nextStep(row: EntityRow, source: Source | null): Step | null {
  if (!row.project) return null;
  const base = row.project.url.replace(/\/+$/, "");
  if (row.origin === "file" || row.origin === "registered") {
    if (source?.editUrl) return { url: source.editUrl, exact: true };
    return { url: base, exact: false };
  }
  const query = new URLSearchParams({ file_name: "CODEOWNERS" });
  // Until the branch is known GitLab finds the default one by this name.
  const branch = source?.ref ? encodeURI(source.ref) : "HEAD";
  return {
    url: `${base}/-/new/${branch}?${query}`,
    exact: source?.ref != null,
  };
}
