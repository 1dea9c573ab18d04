import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: Number(process.env.PORT ?? 8080), maxPayload: 64 * 1024 });
const kiosks = new Map<string, number>();

server.on("connection", (socket, request) => {
  const kiosk = new URL(request.url ?? "/", "http://kiosk").searchParams.get("kiosk") ?? "unknown";
  kiosks.set(kiosk, Date.now());
  socket.on("pong", () => kiosks.set(kiosk, Date.now()));
  socket.on("close", () => kiosks.delete(kiosk));
});

/** Kiosks that were silent for ninety seconds. */
export function silent(now: number): string[] {
  return [...kiosks].filter(([, seen]) => now - seen > 90_000).map(([kiosk]) => kiosk);
}
