/** Words for the problem codes of the API. A code the console does not know is shown as it is, with spaces. */
const WORDS: Record<string, string> = {
  syntax: "YAML error",
  encoding: "Not UTF-8",
  "too-large": "Too large",
  "too-complex": "Too complex",
  "duplicate-key": "Duplicate key",
  envelope: "Bad document",
  "missing-field": "Missing field",
  "invalid-field": "Invalid field",
  "invalid-ref": "Invalid reference",
  dangling: "Dangling reference",
  "unknown-owner": "Unknown owner",
  "ambiguous-owner": "Ambiguous owner",
  "no-owner": "No owner",
  conflict: "Conflict",
  orphan: "Orphan",
  "out-of-reach": "Out of reach",
  "target-missing": "Missing target",
  "location-cycle": "Location cycle",
  placeholder: "Placeholder",
  codeowners: "CODEOWNERS",
  stale: "Stale",
  partial: "Partial",
};

export function codeWord(code: string): string {
  const known = WORDS[code];
  if (known) return known;
  const words = code.replaceAll(/[-_]+/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
