// `npm run fixture [-- PORT EXTRA filling SCENE]`: the fixture server for a person at a browser.
import { start } from "./server.mjs";

const [port = "4180", extra = "0", filling, scene = "default"] = process.argv.slice(2);
const server = await start({
  port: Number(port),
  extra: Number(extra),
  filling: filling === "filling",
  scene,
  pace: 200,
});
console.log(server.url);
