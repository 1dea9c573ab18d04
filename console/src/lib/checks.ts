/** The checks of a connection: what there is to check, in which part it stands, and what each part adds up to. Pure. */
import type { Check, Grade } from "../api/connections";

export type Part = "read" | "use" | "extra";

/**
 * In the order the server takes them, and in the server's words for what has not ended. What is only checked for some
 * (the proxy) shows when it comes.
 */
export const PLANNED: readonly { id: string; grade: Grade; title: string; rare?: true }[] = [
  { id: "address", grade: "read", title: "The address" },
  { id: "name", grade: "read", title: "The name resolves" },
  { id: "port", grade: "read", title: "The port opens" },
  { id: "proxy", grade: "read", title: "The proxy leads there", rare: true },
  { id: "tls", grade: "read", title: "The certificate is trusted" },
  { id: "gitlab", grade: "read", title: "GitLab answers" },
  { id: "clock", grade: "extra", title: "The clocks agree" },
  { id: "token", grade: "read", title: "The token is accepted" },
  { id: "version", grade: "read", title: "The version is supported" },
  { id: "kind", grade: "read", title: "Whose token it is" },
  { id: "expiry", grade: "extra", title: "The token lasts" },
  { id: "scope-read", grade: "read", title: "The token may read" },
  { id: "projects", grade: "read", title: "The token sees projects" },
  { id: "scope-act", grade: "act", title: "The token may act" },
  { id: "scope-write", grade: "act", title: "The token may push" },
  { id: "role", grade: "act", title: "Its user may write somewhere" },
  { id: "webhooks", grade: "hear", title: "GitLab tells us of changes" },
  { id: "rate", grade: "extra", title: "How much may be asked" },
];

export function partOf(grade: Grade): Part {
  return grade === "read" ? "read" : grade === "extra" ? "extra" : "use";
}

export type Row =
  | { id: string; check: Check }
  /** Not ended: `checking` while it is its turn. */
  | { id: string; check: null; title: string; turn: "checking" | "waiting" };

/** Every check of a part in order: what ended as it ended, the rest as what is to come. */
export function rowsOf(part: Part, checks: readonly Check[], running: boolean, ended: boolean): Row[] {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const rows: Row[] = [];
  const planned = PLANNED.filter((plan) => !plan.rare || byId.has(plan.id));
  // After the last that ended: one before it may be told of later, when it is known why it was left out.
  const next = running ? planned[planned.findLastIndex((plan) => byId.has(plan.id)) + 1]?.id : undefined;
  for (const plan of planned) {
    const check = byId.get(plan.id);
    if (check) {
      if (partOf(check.grade) === part) rows.push({ id: plan.id, check });
    } else if (partOf(plan.grade) === part && !ended) {
      rows.push({ id: plan.id, check: null, title: plan.title, turn: plan.id === next ? "checking" : "waiting" });
    }
  }
  // What a newer server checks besides.
  const known = new Set(PLANNED.map((plan) => plan.id));
  for (const check of checks)
    if (!known.has(check.id) && partOf(check.grade) === part) rows.push({ id: check.id, check });
  return rows;
}

/**
 * "4 of 4 passed", "2 failed, none stops you from reading"; empty while there is nothing to add up. `of`: how many there
 * will be, while it still runs.
 */
export function summary(part: Part, checks: readonly Check[], reads: boolean | null, of = 0): string {
  const mine = checks.filter((check) => partOf(check.grade) === part);
  if (mine.length === 0) return "";
  const failed = mine.filter((check) => check.state === "failed").length;
  const skipped = mine.filter((check) => check.state === "skipped").length;
  if (part === "use" && failed > 0 && reads)
    return `${failed} failed, ${failed === 1 ? "it does not stop" : "none stops"} you from reading`;
  if (part === "extra") {
    const notes = mine.filter((check) => check.state === "note" || check.state === "failed").length;
    return notes > 0 ? `${notes} to look at` : "";
  }
  if (skipped === mine.length && of <= skipped) return "not reached";
  const passed = mine.length - failed - skipped;
  return `${passed} of ${Math.max(of, mine.length)} passed`;
}

/** What a detail says beyond its title: it often begins with the same words and has the rest in brackets. */
export function beyond(title: string, detail: string): string {
  if (!detail.toLowerCase().startsWith(title.toLowerCase())) return detail;
  const rest = detail.slice(title.length).trim();
  return /^\(.*\)$/.exec(rest) ? rest.slice(1, -1) : rest === "" ? "" : detail;
}

/** With a stop, to stand before another one; nothing stays nothing. */
export function sentence(text: string): string {
  return text === "" || /[.!?]["”]?$/.test(text) ? text : `${text}.`;
}

/** "The token expired" → "the token expired", to follow a colon; names keep their letters. */
export function midSentence(title: string): string {
  return /^(The|This|That|It|Its|A|An|No)\b/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}
