export interface Options {
  /** Milliseconds for all tries together. */
  readonly within: number;
  readonly tries: number;
}

/** Tries again on 429 and 503, and only calls that may be repeated. */
export async function call(request: Request, options: Options): Promise<Response> {
  const repeatable = request.method === "GET" || request.headers.has("idempotency-key");
  const signal = AbortSignal.timeout(options.within);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(request.clone(), { signal });
    if (!repeatable || attempt >= options.tries || ![429, 503].includes(answer.status)) return answer;
  }
}
