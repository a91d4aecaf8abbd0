import { defineConfig } from "vitest/config";

/** Nothing but the page's own scripts and styles runs, whatever a message may contain. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' http: https: data:",
  "media-src http: https:",
  "connect-src 'self' http: https: ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const LAPTOP_CLOUD = "http://127.0.0.1:8400";

export default defineConfig({
  plugins: [
    {
      name: "content-security-policy",
      apply: "build", // the development server injects styles as it goes
      transformIndexHtml: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
          injectTo: "head-prepend",
        },
      ],
    },
  ],
  // `npm run dev` talks to the laptop cloud that `parley up` has started on its usual port.
  server: { proxy: { "/config.json": LAPTOP_CLOUD, "/v1": LAPTOP_CLOUD } },
  build: { target: "es2022", sourcemap: false },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
});
