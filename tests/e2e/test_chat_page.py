"""The chat page in a real browser, on the whole laptop cloud."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Route,
    WebSocketRoute,
    expect,
    sync_playwright,
)

from parley.domain.json import JsonObject
from tests.cloud import Cloud
from tests.e2e.dialogue import ANYTHING_ELSE, ASK, RETRY, WELCOME
from tools.local.places import ROOT
from tools.local.publish import publish

pytestmark = [pytest.mark.browser, pytest.mark.cloud]

BUILT = ROOT / "console" / "dist" / "index.html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SLOW_MS = 30_000
"""A function's first call starts a process; on a busy machine that takes a while."""

SHIPPED = "Order AB123456 is on its way with"

WATCH_WHAT_PASSES = """
    window.passed = new Set();
    new MutationObserver(() => {
      if (document.querySelector(".typing")) window.passed.add("typing");
      for (const row of document.querySelectorAll("[data-mark]")) {
        window.passed.add(row.dataset.mark);
      }
    }).observe(document, { subtree: true, childList: true, attributes: true });
"""
"""Some states last a few milliseconds only: the page itself notes what it has shown."""


@dataclass
class Chat:
    """The page, as its user sees it."""

    page: Page
    cloud: Cloud
    flow: str = "order-status"
    sockets: list[WebSocketRoute] = field(default_factory=list)

    def open(self) -> None:
        self.page.goto(self.cloud.addresses["page"])
        self.is_live()

    def open_with(self, source: Path) -> None:
        """With the flow in that file, put live, in the place of the demo's."""
        self.flow = publish(self.cloud.as_admin(), {"source": source.read_text()}).name

        def another_flow(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "flow": self.flow})

        self.page.route("**/config.json", another_flow)
        self.open()

    def is_live(self) -> None:
        expect(self.page.locator("main[data-link=live][data-phase=open]")).to_be_visible(
            timeout=SLOW_MS
        )

    def say(self, text: str) -> None:
        self.page.get_by_label("Your message").fill(text)
        self.page.keyboard.press("Enter")

    def hears(self, text: str, *, times: int = 1) -> None:
        expect(self.from_bot.filter(has_text=text)).to_have_count(times, timeout=SLOW_MS)

    @property
    def from_bot(self) -> Locator:
        return self.page.locator(".message.theirs .bubble")

    @property
    def from_user(self) -> Locator:
        return self.page.locator(".message.mine .bubble")

    def choice(self, title: str) -> Locator:
        return self.page.get_by_role("button", name=title, exact=True)

    def has_sent(self, *texts: str) -> None:
        """All of it shows, once and in order, and is marked as delivered."""
        expect(self.from_user).to_have_text(list(texts), timeout=SLOW_MS)
        delivered = self.page.locator(".message.mine[data-mark=delivered]")
        expect(delivered).to_have_count(len(texts), timeout=SLOW_MS)

    def shown(self) -> list[str]:
        return self.page.locator(".log .message .bubble").all_inner_texts()

    def kept(self, name: str) -> str | None:
        """What the page keeps on the device under the name."""
        key = f"parley.chat:demo:{self.flow}:{name}"
        value: str | None = self.page.evaluate("key => localStorage.getItem(key)", key)
        return value

    def history(self) -> list[JsonObject]:
        """The conversation as the API has it."""
        rows: list[JsonObject] = self.cloud.as_admin().get(
            f"/conversations/{self.kept('conversation')}/messages?limit=100"
        )["items"]
        return rows

    def is_what_the_api_has(self) -> None:
        rows = self.history()
        assert [row["sequence_number"] for row in rows] == list(range(1, len(rows) + 1))
        assert self.shown() == [row["content"]["text"] for row in rows]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("NO BROWSER: the chat page is not tested; apt-get install chromium")
    assert BUILT.exists(), "the page is not built: run `make console`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


type Visit = Callable[..., Chat]


@pytest.fixture
def visit(browser: Browser, cloud: Cloud) -> Iterator[Visit]:
    """Gives a new visitor's page; what went wrong in any page's script fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def new_visitor(**settings: object) -> Chat:
        context = browser.new_context(locale="en-GB", **settings)  # type: ignore[arg-type]  # its own names
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script(WATCH_WHAT_PASSES)
        return Chat(page, cloud)

    yield new_visitor
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def chat(visit: Visit) -> Chat:
    """A new visitor with the greeting before them."""
    chat = visit()
    chat.open()
    chat.hears(WELCOME)
    return chat


def passed(chat: Chat) -> set[str]:
    return set(chat.page.evaluate("[...window.passed]"))


def test_the_reference_dialogue_is_answered_live(visit: Visit) -> None:
    chat = visit()
    heard: list[str] = []
    chat.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))),
    )
    chat.open()
    chat.hears(WELCOME)
    expect(chat.choice("Where is my order?")).to_be_enabled()

    chat.say("where is my order")
    chat.hears(ASK)
    chat.say("12")
    chat.hears(RETRY)
    chat.say("AB123456")
    chat.hears(SHIPPED)
    chat.hears(ANYTHING_ELSE)

    chat.has_sent("where is my order", "12", "AB123456")
    assert passed(chat) >= {"typing", "sending", "sent", "delivered"}
    assert any(ASK in frame for frame in heard), "the answer did not come over the socket"
    expect(chat.page.locator(".typing")).to_have_count(0)
    expect(chat.choice("Where is my order?")).to_be_disabled()
    expect(chat.choice("Another order")).to_be_enabled()
    chat.is_what_the_api_has()


def test_a_quick_reply_is_pressed_once_and_shows_as_chosen(chat: Chat) -> None:
    chat.choice("Where is my order?").click()

    chat.hears(ASK)
    expect(chat.choice("Where is my order?")).to_be_disabled()
    expect(chat.choice("Where is my order?")).to_have_attribute("aria-pressed", "true")
    chat.has_sent("Where is my order?")
    assert chat.history()[1]["content"] == {
        "type": "quick_reply",
        "text": "Where is my order?",
        "payload": "order_status",
    }


def test_a_reload_keeps_the_conversation_and_repeats_nothing(chat: Chat) -> None:
    chat.say("where is my order")
    chat.hears(ASK)
    before = chat.shown()

    for _ in range(3):
        chat.page.reload()
        chat.is_live()

    expect(chat.page.locator(".log .message .bubble")).to_have_text(before)
    chat.say("AB123456")
    chat.hears(SHIPPED)
    chat.has_sent("where is my order", "AB123456")
    chat.is_what_the_api_has()


def test_reloading_at_once_after_sending_loses_nothing(chat: Chat) -> None:
    for text in ("where is my order", "12", "AB123456"):
        chat.say(text)
        chat.page.reload()

    chat.is_live()
    chat.has_sent("where is my order", "12", "AB123456")
    chat.hears(ANYTHING_ELSE)
    chat.is_what_the_api_has()


@contextmanager
def no_sockets(chat: Chat) -> Iterator[None]:
    """The live connection breaks, and each new one does too."""
    for socket in chat.sockets:
        socket.close()
    chat.sockets.clear()
    chat.page.route_web_socket(re.compile("execute-api"), lambda socket: socket.close())
    yield
    through(chat)


def through(chat: Chat) -> None:
    """Sockets are let through, for the test to break."""

    def connect(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        chat.sockets.append(socket)

    chat.page.route_web_socket(re.compile("execute-api"), connect)


def test_a_dropped_socket_loses_and_repeats_nothing(visit: Visit) -> None:
    chat = visit()
    through(chat)
    chat.open()
    chat.say("where is my order")
    chat.hears(ASK)

    with no_sockets(chat):
        chat.say("12")  # goes by HTTP, and so comes its answer
        chat.hears(RETRY)
        expect(chat.page.get_by_text("Reconnecting")).to_be_visible()
    chat.is_live()
    chat.say("AB123456")
    chat.hears(SHIPPED)
    chat.hears(ANYTHING_ELSE)

    expect(chat.page.get_by_text("Reconnecting")).to_have_count(0)
    chat.has_sent("where is my order", "12", "AB123456")
    chat.is_what_the_api_has()


def test_a_lost_acknowledgement_does_not_say_it_twice(visit: Visit) -> None:
    """The server has the message, the page does not know: it goes again, by HTTP."""
    chat = visit()
    lost: list[str] = []

    def lose_acknowledgements(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if '"delivery"' in str(frame) and not lost:
                lost.append(str(frame))
                socket.close()
            else:
                socket.send(frame)

        server.on_message(pass_on)

    chat.page.route_web_socket(re.compile("execute-api"), lose_acknowledgements)
    chat.open()

    chat.say("where is my order")
    chat.hears(ASK)
    chat.is_live()

    chat.has_sent("where is my order")
    assert len(lost) == 1
    chat.is_what_the_api_has()


def test_what_is_written_offline_is_kept_and_sent_once(chat: Chat) -> None:
    chat.page.context.set_offline(True)
    chat.say("where is my order")
    chat.say("AB123456")
    expect(chat.page.get_by_text("You are offline.")).to_be_visible()
    expect(chat.page.locator(".message.mine[data-mark=sending]")).to_have_count(2)

    chat.page.context.set_offline(False)

    chat.hears(SHIPPED)
    chat.hears(ANYTHING_ELSE)
    chat.has_sent("where is my order", "AB123456")
    chat.is_what_the_api_has()


def test_a_conversation_ends_and_another_can_be_started(chat: Chat) -> None:
    for text in ("where is my order", "AB123456"):
        chat.say(text)
    chat.hears(ANYTHING_ELSE)
    chat.choice("No thanks").click()
    chat.hears("How helpful was this")
    chat.say("5")
    chat.hears("Thank you, and goodbye!")
    expect(chat.page.get_by_text("This conversation has ended.")).to_be_visible(timeout=SLOW_MS)
    expect(chat.page.get_by_label("Your message")).to_have_count(0)
    ended = chat.kept("conversation")

    chat.page.reload()
    chat.hears("Thank you, and goodbye!")
    chat.page.get_by_text("Start a new conversation", exact=True).click()

    chat.is_live()
    expect(chat.from_bot).to_have_text([WELCOME], timeout=SLOW_MS)
    assert chat.kept("conversation") != ended


def test_a_person_who_takes_over_is_announced(chat: Chat) -> None:
    chat.choice("Talk to a person").click()

    chat.hears("I am getting someone to help you.")
    expect(chat.page.get_by_text("A person is taking over.")).to_be_visible(timeout=SLOW_MS)


def test_without_the_api_the_page_says_so_and_opens_once_it_is_back(visit: Visit) -> None:
    chat = visit()
    chat.page.route("**/v1/**", lambda route: route.abort())
    chat.page.goto(chat.cloud.addresses["page"])
    expect(chat.page.get_by_role("heading", name=re.compile("reach the service"))).to_be_visible()

    chat.page.unroute("**/v1/**")
    chat.page.get_by_role("button", name="Try again").click()

    chat.is_live()
    chat.hears(WELCOME)


def test_a_flow_that_is_not_there_is_told_in_words(visit: Visit) -> None:
    chat = visit()

    def another_flow(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "flow": "no-such-flow"})

    chat.page.route("**/config.json", another_flow)
    chat.page.goto(chat.cloud.addresses["page"])

    expect(chat.page.get_by_role("heading", name=re.compile("This chat"))).to_be_visible(
        timeout=SLOW_MS
    )


def test_texts_stay_texts_and_too_long_ones_are_not_sent(chat: Chat) -> None:
    script = '<img src=x onerror="document.title=1"><b>bold</b> 🎉 مرحبا'
    chat.say(script)
    chat.has_sent(script)
    assert chat.page.title() == "Order status"

    chat.page.get_by_label("Your message").fill("x" * 5_001)
    expect(chat.page.get_by_text("1 characters too many")).to_be_visible()
    expect(chat.page.get_by_label("Send", exact=True)).to_be_disabled()
    chat.page.get_by_label("Your message").fill("y" * 5_000)
    chat.page.keyboard.press("Enter")
    chat.has_sent(script, "y" * 5_000)


LEAD = ROOT / "examples" / "flows" / "lead_qualification.yaml"
FILLED_IN = (
    "Company\nFjord Logistics\nHow many people would use it?\n120\nWhat do you use today?\nPaper"
)


@pytest.fixture
def form(visit: Visit) -> Chat:
    """A visitor before the form of the example."""
    chat = visit()
    chat.open_with(LEAD)
    chat.choice("We want to buy").click()
    expect(chat.page.get_by_role("form", name="About your company")).to_be_visible(timeout=SLOW_MS)
    return chat


def test_a_form_is_filled_in_with_the_keyboard_and_shows_what_was_sent(form: Chat) -> None:
    page = form.page
    company = page.get_by_role("textbox", name="Company")
    expect(company).to_have_attribute("required", "")
    expect(page.get_by_label("How many people")).to_have_attribute("min", "1")
    company.focus()
    page.keyboard.type("Fjord Logistics")
    page.keyboard.press("Tab")
    page.keyboard.type("120")
    page.keyboard.press("Tab")
    page.keyboard.type("P")  # the option that begins so
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    form.hears("When would Fjord Logistics like to start?")
    sent = form.from_user.last
    expect(sent).to_have_text(re.compile("Fjord Logistics.*120.*Paper"))
    assert sent.inner_text().replace("\n\n", "\n") == FILLED_IN
    expect(page.get_by_text("Filled in and sent")).to_be_visible()
    expect(page.get_by_role("form", name="About your company")).to_have_count(0)
    expect(page.get_by_label("Your message")).to_be_focused()
    assert form.history()[3]["content"] == {
        "type": "form",
        "values": {"company": "Fjord Logistics", "seats": 120, "now": "paper"},
    }

    page.reload()
    form.is_live()
    expect(page.get_by_text("Filled in and sent")).to_be_visible()
    assert form.from_user.last.inner_text().replace("\n\n", "\n") == FILLED_IN


def test_a_form_says_what_is_missing_and_sends_nothing(form: Chat) -> None:
    page = form.page
    page.get_by_label("How many people").fill("0")
    page.get_by_role("button", name="That is us").click()

    company = page.get_by_role("textbox", name="Company")
    expect(company).to_be_focused()
    expect(company).to_have_attribute("aria-invalid", "true")
    expect(company).to_have_accessible_description(re.compile("fill"))
    seats = page.get_by_label("How many people")
    expect(seats).to_have_accessible_description(re.compile("A guess is fine. .*1"))
    company.fill("Ark")
    expect(company).to_have_attribute("aria-invalid", "false")
    seats.fill("2")
    page.get_by_role("button", name="That is us").click()

    form.hears("When would Ark like to start?")
    expect(form.from_user).to_have_count(2)


def test_a_form_stays_open_while_something_else_is_typed_and_survives_a_reload(form: Chat) -> None:
    form.say("Ark")
    form.hears("How many people would use it?", times=2)

    form.page.reload()
    form.is_live()
    form.page.get_by_role("textbox", name="Company").fill("Fjord Logistics")
    form.page.get_by_label("How many people").fill("120")
    form.page.get_by_role("button", name="That is us").click()

    form.hears("When would Fjord Logistics like to start?")


@pytest.mark.parametrize(
    "settings",
    [
        {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True},
        {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
        {"viewport": {"width": 768, "height": 1024}, "reduced_motion": "reduce"},
    ],
    ids=["phone", "dark", "tablet"],
)
def test_it_fits_every_screen(visit: Visit, settings: dict[str, object], tmp_path: Path) -> None:
    chat = visit(**settings)
    chat.open()
    chat.say("Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 4)
    chat.say("where is my order")
    chat.hears(ASK)

    chat.page.screenshot(path=tmp_path / "chat.png")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert chat.page.evaluate(overflow) == 0
    expect(chat.from_bot.filter(has_text=ASK)).to_be_in_viewport()
    expect(chat.page.get_by_label("Your message")).to_be_in_viewport()
    expect(chat.page.get_by_role("log", name="Conversation")).to_be_visible()
