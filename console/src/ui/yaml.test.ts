import { expect, it } from "vitest";
import { yamlTokens } from "./yaml";

const shape = (line: string) => yamlTokens(line).map(({ kind, text }) => `${kind}|${text}`);

it.each([
  ["kind: Component", ["key|kind:", "plain| Component"]],
  ["  - name: x # why", ["plain|  - ", "key|name:", "plain| x", "comment| # why"]],
  ["# all of it", ["comment|# all of it"]],
  ['url: "http://a#b" # c', ["key|url:", "plain| ", 'string|"http://a#b"', "comment| # c"]],
  ["    - resource:payments-db", ["plain|    - resource:payments-db"]],
  ["a#b: c", ["plain|a#b: c"]],
  ["", []],
])("colours %j", (line, tokens) => {
  expect(shape(line)).toEqual(tokens);
});

it("loses no character of any line", () => {
  for (const line of [
    "  weird: 'it''s' \"x\\\"y\" #z",
    "'unclosed: \" # x",
    "? complex",
    "a:b:c: d",
    "\t# tab",
    "::: #",
  ]) {
    expect(
      yamlTokens(line)
        .map((token) => token.text)
        .join(""),
    ).toBe(line);
  }
});
