import express from "express";
import pg from "pg";
import pino from "pino";
import { KeyReused, refund } from "./refund.js";

const log = pino();
const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = express();
app.use(express.json({ limit: "64kb" }));

app.post("/v2/refunds", async (req, res, next) => {
  try {
    const id = await refund(db, {
      intent: req.body.intent,
      amount: req.body.amount,
      key: req.get("idempotency-key") ?? "",
    });
    res.status(201).json({ id });
  } catch (error) {
    if (error instanceof KeyReused) {
      res.status(409).json({ title: error.message });
      return;
    }
    next(error);
  }
});

app.get("/healthz", (_req, res) => res.send("ok"));
app.listen(Number(process.env.PORT ?? 8080), () => log.info("listening"));
