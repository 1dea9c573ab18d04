/**
 * Server-sent events out of an answer to a POST, which the browser's EventSource cannot send. Only what our server
 * writes is read: event, data, comments; ids and retry times mean nothing for an answer that ends.
 */
export type StreamEvent = { event: string; data: string };

/** Takes text as it arrives, in pieces cut anywhere, and gives the events that are complete. */
export class EventReader {
  private rest = "";

  push(text: string): StreamEvent[] {
    this.rest += text;
    const events: StreamEvent[] = [];
    for (;;) {
      // A lone \r at the end may be the first half of \r\n.
      const blank = /(\r\n|\n|\r(?!\n|$))(\r\n|\n|\r(?!\n|$))/.exec(this.rest);
      if (!blank) return events;
      const block = this.rest.slice(0, blank.index);
      this.rest = this.rest.slice(blank.index + blank[0].length);
      const event = readBlock(block);
      if (event) events.push(event);
    }
  }

  /** The last event, when the stream ended without its blank line. */
  end(): StreamEvent[] {
    const block = this.rest;
    this.rest = "";
    const event = readBlock(block);
    return event ? [event] : [];
  }
}

function readBlock(block: string): StreamEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    if (line === "" || line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length > 0 ? { event, data: data.join("\n") } : null;
}

/** Reads an answer to its end, event by event. */
export async function readStream(response: Response, each: (event: StreamEvent) => void): Promise<void> {
  const reader = new EventReader();
  const body = response.body?.getReader();
  if (!body) return;
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await body.read();
    if (done) break;
    for (const event of reader.push(decoder.decode(value, { stream: true }))) each(event);
  }
  for (const event of [...reader.push(decoder.decode()), ...reader.end()]) each(event);
}
