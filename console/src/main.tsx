import { StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";

import { Conversations } from "./api/conversations";
import { Guest } from "./api/guest";
import { UNREACHABLE } from "./api/problem";
import { requests } from "./api/request";
import { loadConfig, type Config } from "./config";
import { ChatSession } from "./features/chat/session";
import { ChatStore, deviceStorage } from "./features/chat/store";
import { ChatPage } from "./features/chat/view/ChatPage";
import { Trouble } from "./features/chat/view/Trouble";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/chat.css";

async function open(root: Root): Promise<void> {
  try {
    const config = await loadConfig();
    const session = chatSession(config);
    const title = titleFrom(config.flow);
    document.title = title;
    session.launch();
    root.render(
      <StrictMode>
        <ChatPage session={session} title={title} />
      </StrictMode>,
    );
  } catch (error) {
    const problem = { ...UNREACHABLE, detail: error instanceof Error ? error.message : "" };
    root.render(<Trouble problem={problem} onRetry={() => void open(root)} />);
  }
}

function chatSession({ api, live, organization, flow }: Config): ChatSession {
  const store = new ChatStore(deviceStorage(), organization, flow);
  const request = requests(api);
  const guest = new Guest(request, organization, store);
  return new ChatSession({
    conversations: new Conversations(request, guest),
    guest,
    store,
    live,
    flow,
    language: navigator.language.slice(0, 2).toLowerCase(),
  });
}

/** "order-status" as a title: "Order status". An id says nothing to anyone. */
function titleFrom(flow: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(flow)) return "Chat";
  const words = flow.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

void open(createRoot(document.getElementById("root")!));
