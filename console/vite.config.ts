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
  build: { target: "es2022", sourcemap: false },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
});
