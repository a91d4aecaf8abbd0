import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";

import { contentFrom, safeAddress } from "../src/features/chat/content";
import { Carousel, ContentView, QuickReplies } from "../src/features/chat/view/ContentView";

const OPEN = { isOpen: true, chosen: null, onChoose: () => undefined };

function shown(content: Record<string, unknown>): string {
  return renderToStaticMarkup(<ContentView content={contentFrom(content)} choosing={OPEN} />);
}

describe("a message's content", () => {
  it("is text, whatever it looks like", () => {
    const html = shown({ type: "text", text: `<img src=x onerror="alert(1)"> & <b>bold</b>` });

    expect(html).toBe(
      `<p class="text" dir="auto">` +
        `&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &lt;b&gt;bold&lt;/b&gt;</p>`,
    );
  });

  it("links web addresses in it, and nothing else", () => {
    const html = shown({ type: "text", text: "See https://a.example/x?y=1. javascript:alert(1)" });

    expect(html).toContain(
      `<a href="https://a.example/x?y=1" target="_blank" rel="noopener noreferrer">`,
    );
    expect(html).toContain("</a>. javascript:alert(1)");
  });

  it("shows an image with its description", () => {
    const media = { url: "https://a.example/cat.png", type: "image/png", alt_text: "A cat" };

    expect(shown({ type: "image", media })).toContain(`src="https://a.example/cat.png" alt="A cat"`);
  });

  it("shows a file with its name and size, whatever its address", () => {
    const media = { url: "https://a.example/price%20list%zz.pdf", type: "application/pdf", size_bytes: 1_240_000 };

    const html = shown({ type: "file", media });

    expect(html).toContain("price%20list%zz.pdf");
    expect(html).toContain("1.2 MB");
    expect(shown({ type: "file", media: { ...media, url: "https://a.example/my%20list.pdf" } })).toContain("my list.pdf");
  });

  it("shows a film with the picture that stands for it", () => {
    const media = { url: "https://a.example/a.mp4", type: "video/mp4", thumbnail_url: "https://a.example/a.jpg" };

    expect(shown({ type: "video", media })).toContain(`poster="https://a.example/a.jpg"`);
    expect(shown({ type: "video", media: { ...media, thumbnail_url: "javascript:1" } })).not.toContain("poster");
  });

  it("shows a place with its address and a way to a map", () => {
    const html = shown({
      type: "location",
      location: { latitude: 52.52, longitude: 13.405, address: "Alexanderplatz 1" },
    });

    expect(html).toContain("Alexanderplatz 1");
    expect(html).toContain("mlat=52.52&amp;mlon=13.405");
  });

  it("offers links and answers as buttons", () => {
    const content = contentFrom({
      type: "text",
      text: "Well?",
      buttons: [
        { type: "url", title: "Open", url: "https://a.example/" },
        { type: "postback", title: "Call me", payload: "call" },
        { type: "phone", title: "Ring us", payload: "+493012345" },
        { type: "share", title: "Tell a friend" },
      ],
    });

    expect(content.buttons).toEqual([
      { kind: "link", title: "Open", address: "https://a.example/" },
      { kind: "choice", choice: { title: "Call me", payload: "call" } },
      { kind: "link", title: "Ring us", address: "tel:+493012345" },
      { kind: "share", title: "Tell a friend", address: null },
    ]);
  });

  it("shows a carousel's cards side by side", () => {
    const { cards } = contentFrom({
      type: "carousel",
      carousel: [
        { title: "Boots", subtitle: "Waterproof", image_url: "https://a.example/boots.jpg" },
        { title: "Hat", buttons: [{ type: "postback", title: "Take it", payload: "hat" }] },
      ],
    });
    const html = renderToStaticMarkup(<Carousel cards={cards} choosing={OPEN} />);

    expect(cards.map((card) => card.title)).toEqual(["Boots", "Hat"]);
    expect(html).toContain(`aria-label="2 cards"`);
    expect(html).toContain(`src="https://a.example/boots.jpg" alt="Boots"`);
    expect(html).toContain("Take it");
  });

  it("says what it cannot show, beside what it can", () => {
    expect(shown({ type: "hologram" })).toContain("This message can’t be shown here");
    const html = shown({ type: "form", text: "Fill this in", form: { fields: [] } });
    expect(html).toContain("Fill this in");
    expect(html).toContain("The rest of this message can’t be shown here");
  });

  it.each([[null], [{}], [{ text: 5 }], [{ media: "x", carousel: 7, quick_replies: [null, 1] }]])(
    "survives the malformed content %j",
    (content) => {
      expect(shown({ type: "text", ...content })).toContain("can’t be shown here");
    },
  );

  it.each([
    ["javascript:alert(1)", null],
    ["data:text/html,<script>", null],
    ["/relative", null],
    ["https://a.example/", "https://a.example/"],
  ])("the address %s leads to %s", (address, safe) => {
    expect(safeAddress(address)).toBe(safe);
  });
});

describe("quick replies", () => {
  const choices = [
    { title: "Yes", payload: "y" },
    { title: "No", payload: "n" },
  ];

  it("can be pressed until one was", () => {
    const open = renderToStaticMarkup(<QuickReplies choices={choices} choosing={OPEN} />);
    const closed = renderToStaticMarkup(
      <QuickReplies choices={choices} choosing={{ ...OPEN, isOpen: false, chosen: "n" }} />,
    );

    expect(open).not.toContain("disabled");
    expect(closed.match(/disabled=""/g)).toHaveLength(2);
    expect(closed.match(/aria-pressed="true"/g)).toHaveLength(1);
  });
});
