import fastify from "fastify";

const app = fastify({ logger: true });
app.get("/healthz", async () => "ok");
await app.listen({ port: 8080, host: "0.0.0.0" });
