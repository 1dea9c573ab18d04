import { expect, it } from "vitest";
import { codeWord } from "./codes";
import { formatRef, kindPlural, kindWord, parseRef, shortRef, typeWord } from "./ref";

it("reads and writes references", () => {
  expect(parseRef("component:default/payments-api")).toEqual({
    kind: "component",
    namespace: "default",
    name: "payments-api",
  });
  expect(formatRef({ kind: "API", namespace: "default", name: "Payments.V2" })).toBe("api:default/payments.v2");
});

it.each(["payments-api", "component:payments-api", "component:default/", "a:b/c/d", ":x/y"])("refuses %s", (text) => {
  expect(parseRef(text)).toBeNull();
});

it("names the namespace only when it is not the default one", () => {
  expect(shortRef("component:default/a")).toBe("a");
  expect(shortRef("component:harbour/a")).toBe("harbour/a");
});

it("spells kinds, types and problems as people do", () => {
  expect([kindWord("api"), kindWord("component"), kindPlural("api"), kindPlural("group")]).toEqual([
    "API",
    "Component",
    "APIs",
    "Groups",
  ]);
  expect([typeWord("openapi"), typeWord("service")]).toEqual(["OpenAPI", "Service"]);
  expect([codeWord("no-owner"), codeWord("some-new_code")]).toEqual(["No owner", "Some new code"]);
});
