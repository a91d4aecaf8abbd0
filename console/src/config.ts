/** Where the API is and whose flow this page talks to: `/config.json`, written by the deployment. */

export interface Config {
  /** Base of the REST API, without a slash at its end. */
  readonly api: string;
  /** Address of the WebSocket API. */
  readonly live: string;
  /** Slug of the organisation. */
  readonly organization: string;
  /** Id or name of the published flow. */
  readonly flow: string;
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}`);
  return configFrom(await answer.json(), window.location.href);
}

/** The configuration in `value`; relative addresses are relative to `page`. */
export function configFrom(value: unknown, page: string): Config {
  const fields = (value ?? {}) as Record<string, unknown>;
  const field = (name: string): string => {
    const text = fields[name];
    if (typeof text !== "string" || text === "") throw new Error(`config.json lacks ${name}`);
    return text;
  };
  const live = new URL(field("live"), page);
  live.protocol = live.protocol.replace("http", "ws");
  return {
    api: withoutSlash(new URL(field("api"), page).href),
    live: withoutSlash(live.href),
    organization: field("organization"),
    flow: field("flow"),
  };
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, "");
}
