// `npm run fixture [-- PORT EXTRA filling]`: the fixture server for a person at a browser.
import { start } from "./server.mjs";

const [port = "4180", extra = "0", filling] = process.argv.slice(2);
const server = await start({ port: Number(port), extra: Number(extra), filling: filling === "filling" });
console.log(server.url);
