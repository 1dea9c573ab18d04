// Compares two lists of verdicts, ours and the reference's, document by document.
//
// Usage: node compare.mjs REFERENCE.json OURS.json README.md
// Differences that the README lists (lines of the form "- `case`: reason") count as passed, and one that is listed but
// no longer there counts as failed, so that the list stays true.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const [referenceFile, oursFile, readme] = process.argv.slice(2);
const documented = new Map(
  readFileSync(readme, 'utf8').split('\n').map(line => line.match(/^- `([^`]+)`: (.+)$/)).filter(Boolean).map(([, name, reason]) => [name, reason]),
);

/** The name of the case a document is: the comment in its text, or the file when that is one case. */
const texts = new Map();
function nameOf(file, document) {
  const base = basename(file, '.yaml');
  if (base.startsWith('yaml-')) return document === 0 ? base : `${base}#${document}`;
  if (!texts.has(file)) texts.set(file, [...readFileSync(file, 'utf8').matchAll(/^# case: (.+)$/gm)].map(([, name]) => name));
  return texts.get(file)[document] ?? `${base}#${document}`;
}

const rows = new Map();
for (const [side, file] of [['reference', referenceFile], ['ours', oursFile]]) {
  for (const row of JSON.parse(readFileSync(file, 'utf8'))) {
    const key = `${row.file}#${row.document}`;
    rows.set(key, { name: nameOf(row.file, row.document), ...rows.get(key), [side]: row });
  }
}

let passed = 0;
const failures = [];
const seen = new Set();
for (const { name, reference, ours } of rows.values()) {
  // A document that one side does not see at all was not accepted there.
  const verdict = row => (row?.accepted ? 'accepted' : 'refused');
  const sameRef = !reference?.accepted || !ours?.accepted || reference.ref === ours.ref?.toLowerCase();
  const sameVerdict = verdict(reference) === verdict(ours);
  const explained = !ours || ours.accepted || ours.problems.length > 0;
  if (sameVerdict && sameRef && explained) {
    passed += 1;
  } else if (!sameVerdict && documented.has(name)) {
    seen.add(name);
    passed += 1;
  } else {
    const why = [reference?.reason, ...(ours?.problems ?? []).map(problem => problem.message)].filter(Boolean).join(' | ');
    failures.push(`${name}: reference ${verdict(reference)} ${reference?.ref ?? ''}, ours ${verdict(ours)} ${ours?.ref ?? ''}: ${why}`);
  }
}
for (const name of documented.keys()) {
  if (!seen.has(name)) failures.push(`${name}: listed as a difference in README.md, but there is none`);
}
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failures.length} failed (${seen.size} documented differences)`);
process.exit(failures.length ? 1 : 0);
