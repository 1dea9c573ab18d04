import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the sources and hands every API call to a running server.
const server = process.env.STAGEDOOR_URL ?? "http://127.0.0.1:7330";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    manifest: true,
    // The content security policy allows no data: fonts or scripts; files keep every asset under 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(["/api", "/livez", "/readyz", "/metrics"].map((path) => [path, { target: server }])),
  },
});
