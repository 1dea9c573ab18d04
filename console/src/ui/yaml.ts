/** Just enough of YAML to colour a line: keys, quoted strings, comments. It decides nothing. */
export type Token = { kind: "key" | "string" | "comment" | "plain"; text: string };

const KEY = /^(\s*(?:- +)*)("[^"]*"|'[^']*'|[^\s"'#:{}[\],][^:#]*?)(:)(?=\s|$)/;

export function yamlTokens(line: string): Token[] {
  const tokens: Token[] = [];
  let rest = line;
  const key = KEY.exec(line);
  if (key?.[2]) {
    if (key[1]) tokens.push({ kind: "plain", text: key[1] });
    tokens.push({ kind: "key", text: `${key[2]}:` });
    rest = line.slice(key[0].length);
  }
  // A comment starts at the line's start or after a space, outside quotes.
  const parts = /^((?:"(?:[^"\\]|\\.)*"|'[^']*'|(?!(?:^|\s)#)[\s\S])*?)((?:^|\s)#.*)?$/.exec(rest);
  const [, value = rest, comment = ""] = parts ?? [];
  for (const piece of value.split(/("(?:[^"\\]|\\.)*"|'[^']*')/)) {
    if (piece === "") continue;
    const quoted = /^(["']).*\1$/.test(piece) && piece.length > 1;
    tokens.push({ kind: quoted ? "string" : "plain", text: piece });
  }
  if (comment) tokens.push({ kind: "comment", text: comment });
  return tokens;
}
