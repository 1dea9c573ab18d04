/**
 * Single-key commands. They are off inside inputs and can be turned off for good (WCAG 2.1.4). A sequence is two keys
 * with a space: `g c`. Keys with a modifier are left to the browser, except those a binding names itself.
 */
import { useEffect, useRef } from "react";

export type Bindings = Record<string, (event: KeyboardEvent) => void>;

const STORE = "stagedoor-single-keys";
const SEQUENCE_MS = 1200;

export function singleKeysOn(): boolean {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // Refused storage: the choice holds no longer than the default.
  }
}

/** True where a letter is text: fields, lists of choices, and open dialogs, which have keys of their own. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    target.closest("[role=dialog], [role=menu], [role=listbox]") !== null
  );
}

/** Finds what a key means, given the key before it. Pure, for the test. */
export function match(bindings: Bindings, key: string, previous: string | null): string | null {
  if (previous !== null && Object.hasOwn(bindings, `${previous} ${key}`)) return `${previous} ${key}`;
  return Object.hasOwn(bindings, key) ? key : null;
}

// One listener for all: the page registered last is asked first, and the key is remembered after everyone was asked.
const registered: { current: Bindings }[] = [];
let lastKey: { key: string; at: number } | null = null;

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || !singleKeysOn()) {
    lastKey = null;
    return;
  }
  const previous = lastKey && event.timeStamp - lastKey.at < SEQUENCE_MS ? lastKey.key : null;
  lastKey = { key: event.key, at: event.timeStamp };
  for (const { current } of registered.toReversed()) {
    const hit = match(current, event.key, previous);
    if (!hit) continue;
    event.preventDefault();
    lastKey = null;
    current[hit]?.(event);
    return;
  }
}

/** The bindings hold while the component is mounted; they may change with every render. */
export function useKeys(bindings: Bindings): void {
  const mine = useRef(bindings);
  useEffect(() => {
    mine.current = bindings;
  });
  useEffect(() => {
    if (registered.length === 0) window.addEventListener("keydown", onKey);
    registered.push(mine);
    return () => {
      registered.splice(registered.indexOf(mine), 1);
      if (registered.length === 0) window.removeEventListener("keydown", onKey);
    };
  }, []);
}
