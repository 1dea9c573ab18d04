/** One clock for the page. It ticks once a second, corrected by what the server says its time is. */
import { useSyncExternalStore } from "react";

let skew = 0;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick(): void {
  now = Date.now() + skew;
  for (const listener of listeners) listener();
}

/** Small differences are the network's; only a clock that is clearly off is corrected (ms). */
const TOLERANCE = 2000;

export function setServerTime(time: string): void {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return;
  const difference = at - Date.now();
  skew = Math.abs(difference) > TOLERANCE ? difference : 0;
}

export function serverNow(): number {
  return Date.now() + skew;
}

// One function for all: a new one each render would subscribe anew, tick, and render again for ever.
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    tick();
    timer = setInterval(tick, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
