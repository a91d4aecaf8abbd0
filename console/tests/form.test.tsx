import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";

import { answersOf, formFrom, valuesFrom } from "../src/features/chat/form";
import { Answers } from "../src/features/chat/view/ContentView";
import { FormView, type Filling } from "../src/features/chat/view/FormView";

const FORM = {
  title: "About <you>",
  fields: [
    { name: "company", label: "Company", type: "string", required: true, min_length: 2, help: "As on the door" },
    { name: "seats", label: "Seats", type: "integer", required: true, minimum: 1, maximum: 100 },
    { name: "size", label: "Size", type: "enum", options: [{ title: "Small", value: "s" }], required: false },
    { name: "note", label: "Note", type: "text", required: false, placeholder: "Anything" },
    { name: "news", label: "News?", type: "boolean", required: true },
    { name: "at", label: "When", type: "datetime", required: false },
  ],
};

function shown(form: unknown, filling: Filling = "open"): string {
  const made = formFrom(form)!;
  return renderToStaticMarkup(<FormView form={made} filling={filling} onFillIn={() => undefined} />);
}

describe("a form", () => {
  it("labels each field, and says what it wants", () => {
    const html = shown(FORM);

    const ids = [...html.matchAll(/<label for="([^"]+)"/g)].map((match) => match[1]);
    expect(ids).toHaveLength(6);
    for (const id of ids) expect(html).toMatch(new RegExp(`<(input|select|textarea)[^>]* id="${id}"`));
    expect(html).toContain("About &lt;you&gt;");
    expect(html).toMatch(/type="number"[^>]*step="1"[^>]*required=""[^>]*name="seats"/);
    expect(html).toMatch(/min="1" max="100"/);
    expect(html).toMatch(/<textarea[^>]*name="note"[^>]*placeholder="Anything"/);
    expect(html).toMatch(/aria-describedby="[^"]*company-help"/);
    expect(html).toContain("datetime-local");
    expect(html).toMatch(/<button type="submit" class="primary"><span dir="auto">Send<\/span>/);
  });

  it("marks what is required; a box may be left without a tick", () => {
    const html = shown(FORM);

    expect(html.match(/required=""/g)).toHaveLength(2);
    expect(html.match(/class="needed"/g)).toHaveLength(2);
  });

  it("asks under names that every object knows, too", () => {
    const named = (name: string) => ({ name, label: name.toUpperCase(), type: "string", required: true });
    const form = { fields: [named("constructor"), named("valueOf")] };
    const html = shown(form);

    expect(html.match(/<input/g)).toHaveLength(2);
    expect(html.match(/aria-invalid="false"/g)).toHaveLength(2);
    expect(html).not.toContain('class="problem"');
    expect(answersOf({ valueOf: "x" }, formFrom(form))).toEqual([{ label: "VALUEOF", text: "x" }]);
  });

  it("has nothing to fill in once it was sent, or can be no more", () => {
    for (const filling of ["sent", "closed"] as const) {
      expect(shown(FORM, filling)).not.toMatch(/<(input|select|textarea|button|form)/);
    }
    expect(shown(FORM, "sent")).toContain("Filled in and sent");
  });

  it.each([[null], [{}], [{ fields: [] }], [{ fields: "x" }], [{ fields: [null, { label: "a" }] }]])(
    "is none if it is the malformed %j",
    (value) => {
      expect(formFrom(value)).toBeNull();
    },
  );
});

describe("what was filled in", () => {
  it("is shown by label and title, in the form's order, then what it did not ask for", () => {
    const values = valuesFrom({ else: "x", news: false, size: "s", at: "2026-01-31T12:00", seats: 3, note: "" })!;

    expect(answersOf(values, formFrom(FORM))).toEqual([
      { label: "Seats", text: "3" },
      { label: "Size", text: "Small" },
      { label: "News?", text: "No" },
      { label: "When", text: "2026-01-31 12:00" },
      { label: "else", text: "x" },
    ]);
  });

  it("is text, whatever it looks like", () => {
    const html = renderToStaticMarkup(<Answers answers={[{ label: "<b>", text: "<img src=x>" }]} />);

    expect(html).toContain("&lt;b&gt;");
    expect(html).toContain("&lt;img src=x&gt;");
  });

  it("may be nothing at all", () => {
    expect(renderToStaticMarkup(<Answers answers={[]} />)).toContain("Nothing was filled in");
  });
});
