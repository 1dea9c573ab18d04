import { describe, expect, it } from "vitest";
import { EventReader, readStream, type StreamEvent } from "./stream";

describe("EventReader", () => {
  const text = 'event: check\ndata: {"id":"address"}\n\n: keep-alive\n\nevent: report\ndata: {"a":\ndata: 1}\n\n';
  const expected = [
    { event: "check", data: '{"id":"address"}' },
    { event: "report", data: '{"a":\n1}' },
  ];

  it("reads events, joins lines of data and leaves out comments", () => {
    expect(new EventReader().push(text)).toEqual(expected);
  });

  it("gives the same wherever the text is cut, with any line ends", () => {
    for (const whole of [text, text.replaceAll("\n", "\r\n")]) {
      for (let cut = 0; cut <= whole.length; cut += 1) {
        const reader = new EventReader();
        expect([...reader.push(whole.slice(0, cut)), ...reader.push(whole.slice(cut))], `cut at ${cut}`).toEqual(
          expected.map((e) => ({ ...e })),
        );
      }
    }
  });

  it("gives the last event of a stream that ends without a blank line", () => {
    const reader = new EventReader();
    expect(reader.push("data: 1\n")).toEqual([]);
    expect(reader.end()).toEqual([{ event: "message", data: "1" }]);
    expect(reader.end()).toEqual([]);
  });
});

it("keeps letters together that arrive in two pieces", async () => {
  const bytes = new TextEncoder().encode("data: Größe\n\n");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const events: StreamEvent[] = [];
  await readStream(new Response(body), (event) => events.push(event));
  expect(events).toEqual([{ event: "message", data: "Größe" }]);
});
