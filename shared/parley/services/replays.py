"""Past conversations, run again: on the flow they ran on, or on a changed one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from parley.domain.access import Caller
from parley.domain.conversations import Conversation, FlowPin, FlowVersion
from parley.domain.ids import ConversationId
from parley.domain.json import JsonObject
from parley.domain.messages import Direction
from parley.domain.pages import Page
from parley.engine.program import Program
from parley.engine.replay import COURSE, EXACT, Difference, replay
from parley.services.called_flows import called_by
from parley.services.conversation_reading import ConversationReading
from parley.services.flow_sources import loaded, require_sound
from parley.services.ports.programs import LoadedFlow, Programs
from parley.services.programs import built

MAX_TURNS = 1_000
"""As many as one request runs again."""
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Replayed:
    """`turns` were run again; `difference` is the first that differs, None if none does.

    `is_whole` is False if the conversation has more turns than one request runs again.
    """

    turns: int
    is_whole: bool
    difference: Difference | None


def changed_flow(source: str | JsonObject) -> LoadedFlow:
    """A flow to try past conversations on. Raises FlowInvalid, Invalid."""
    document, text = loaded(source)
    require_sound(text or document)
    return built(document)


def replayed(
    reading: ConversationReading,
    caller: Caller,
    conversation: Conversation,
    programs: Programs,
    changed: LoadedFlow | None,
) -> Replayed:
    """The conversation as it runs now.

    On its own flow, version by version as it was moved, states and messages must be the same to the
    byte. On a changed one, from start to end, it must enter the same states and say the same, and
    what the user's words mean is for it to say.
    """
    rows = list(_rows(reading, caller, conversation.id))
    said = _said(reading, caller, conversation.id)
    traces = [row["trace"] for row in rows[:MAX_TURNS]]
    flows = called_by(programs, caller.tenant_id)
    if changed is not None:
        result = replay(changed.program, traces, said, COURSE, changed.matcher.classify, flows)
    else:

        def program_of(pin: FlowPin) -> Program:
            return programs.get(caller.tenant_id, pin).program

        began_on = replace(conversation.flow, version=_first_version(rows, conversation.flow))
        own = program_of(began_on)
        result = replay(own, traces, said, EXACT, flows=flows, program_of=program_of)
    return Replayed(result.turns, len(rows) <= MAX_TURNS, result.difference)


def _first_version(rows: Sequence[JsonObject], now: FlowPin) -> FlowVersion:
    """What the first turn ran on: before turns said so, none moved a conversation."""
    said = (row["flow_version"] for row in rows if "flow_version" in row)
    return FlowVersion(next(said, now.version))


def _rows(
    reading: ConversationReading, caller: Caller, conversation_id: ConversationId
) -> Iterator[JsonObject]:
    """Rows of turns, one more than are replayed if there are so many."""
    cursor, seen = None, 0
    while seen <= MAX_TURNS:
        page: Page[JsonObject] = reading.trace(caller, conversation_id, cursor=cursor, limit=_PAGE)
        yield from page.items
        seen += len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _said(
    reading: ConversationReading, caller: Caller, conversation_id: ConversationId
) -> Mapping[int, Sequence[JsonObject]]:
    said: dict[int, list[JsonObject]] = {}
    after: int | None = 0
    while after is not None:
        page = reading.messages(caller, conversation_id, after=after, limit=_PAGE)
        for message in page.items:
            if message.direction is Direction.OUTBOUND:
                said.setdefault(message.turn_no, []).append(message.content)
        over = not page.items or page.items[-1].turn_no > MAX_TURNS or page.next_cursor is None
        after = None if over else page.items[-1].sequence_number
    return said
