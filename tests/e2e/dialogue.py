"""The reference dialogue as a client sees it: what is said and what must come back."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from parley.domain.errors import StillRunning
from parley.domain.json import JsonObject
from tools.local.api import Api, ApiRefused
from tools.local.errors import CloudError

type Spoken = Sequence[tuple[str, int]]
"""What a customer says, and with how many messages each is answered."""

WELCOME = "Hello, welcome to our shop! How can I help you?"
ASK = "What is your order number? It looks like AB123456."
RETRY = (
    "That does not look like an order number. "
    "It has two capital letters and six digits, like AB123456."
)
ANYTHING_ELSE = "Is there anything else I can do for you?"
_BEGINNING = (("hi", 1), ("where is my order", 1))
_ROUND = (("12", 1), ("AB123456", 2), ("where is my order", 1))


def lines(count: int) -> Spoken:
    """`count` things to say, each with the number of its answers; never ends the conversation."""
    rounds = _ROUND * (count // len(_ROUND) + 1)
    return (*_BEGINNING, *rounds)[:count]


def length(spoken: Spoken) -> int:
    """How many messages the whole history has: the greeting, what is said, and the answers."""
    return 1 + sum(1 + answers for _, answers in spoken)


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation of the demo flow, from the customer's side."""

    api: Api
    id: str

    @classmethod
    def begin(cls, api: Api) -> "Talk":
        started = api.post("/conversations", {"channel": "web", "flow": "order-status"})
        return cls(api, started["conversation"]["id"])

    def send(self, text: str, *, key: str, wait_s: int | None = None) -> JsonObject:
        """One message under an idempotency key; raises what the API refuses with."""
        prefer = {} if wait_s is None else {"Prefer": f"wait={wait_s}"}
        return self.api.post(
            f"/conversations/{self.id}/messages",
            {"content": {"type": "text", "text": text}},
            {"Idempotency-Key": key, **prefer},
        )

    def send_until_acknowledged(
        self, text: str, *, key: str, within_s: float, wait_s: int | None = None
    ) -> None:
        """As a careful client does: the same message again, until the API has taken it."""
        end = time.monotonic() + within_s
        while True:
            try:
                self.send(text, key=key, wait_s=wait_s)
            except ApiRefused as refused:
                is_still_running = refused.code == StillRunning.code
                if not (refused.status >= 500 or is_still_running) or time.monotonic() > end:
                    raise
            except CloudError:
                if time.monotonic() > end:
                    raise
            else:
                return
            time.sleep(0.2)

    def history(self) -> list[JsonObject]:
        """Every message, in order, page after page."""
        return list(self._pages())

    def _pages(self) -> Iterator[JsonObject]:
        after = 0
        while True:
            page = self.api.get(f"/conversations/{self.id}/messages?after={after}&limit=100")
            yield from page["items"]
            if not page["items"] or page["next_cursor"] is None:
                return
            after = page["items"][-1]["sequence_number"]


def said(history: Sequence[JsonObject], direction: str) -> list[str]:
    """The texts of one direction."""
    return [row["content"]["text"] for row in history if row["direction"] == direction]


def numbers(history: Sequence[JsonObject]) -> list[int]:
    return [row["sequence_number"] for row in history]


def eventually[Value](
    read: Callable[[], Value], is_it: Callable[[Value], bool], within_s: float
) -> Value:
    """What `read` gives once it is what it should be, or the last that it gave."""
    end = time.monotonic() + within_s
    while True:
        value = read()
        if is_it(value) or time.monotonic() > end:
            return value
        time.sleep(0.25)


def assert_whole(history: Sequence[JsonObject], spoken: Spoken) -> None:
    """Nothing lost, nothing doubled, everything in order, each answer behind its question."""
    assert said(history, "inbound") == [text for text, _ in spoken]
    assert numbers(history) == list(range(1, len(history) + 1))
    answers = [1, *(count for _, count in spoken)]
    by_turn: dict[int, int] = {}
    for row in history:
        if row["direction"] == "outbound":
            by_turn[row["turn_no"]] = by_turn.get(row["turn_no"], 0) + 1
    assert [by_turn.get(turn, 0) for turn in range(1, len(answers) + 1)] == answers
