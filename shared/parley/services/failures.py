"""What a turn comes to that could not be run: never nothing, never silence."""

from dataclasses import replace

from parley.domain.conversations import Conversation
from parley.domain.json import JsonObject
from parley.domain.turns import Outcome
from parley.engine.defaults import ERROR
from parley.engine.effects import LogEvent, SendMessage
from parley.engine.events import MigrateEvent, event_to_json
from parley.engine.program import Program
from parley.services.arrivals import Arrived, Result


def failed(
    before: Conversation, arrived: Arrived, error: Exception, program: Program | None
) -> Result:
    """The turn of an event that fails whenever it is run: said, recorded, handed to a person.

    What failed is in the trace and the event log by type; its words may hold a user's.
    """
    if isinstance(arrived.event, MigrateEvent):
        return stayed(arrived.event, f"its turn failed: {type(error).__name__}")
    return _told(before, arrived, Outcome.FAILED, {"error": type(error).__name__}, program)


def quarantined(before: Conversation, arrived: Arrived) -> Result:
    """The turn of an event that has killed its worker before: nothing of it is run."""
    if isinstance(arrived.event, MigrateEvent):
        return stayed(arrived.event, "its turn has killed its worker before")
    return _told(before, arrived, Outcome.QUARANTINED, {"received": arrived.receipt.receive_count})


def ignored(arrived: Arrived) -> Result:
    """The turn of an event that reached a conversation which had closed."""
    if isinstance(arrived.event, MigrateEvent):
        return stayed(arrived.event, "it has ended")
    trace: JsonObject = {"event": arrived.inbound.event, "ignored": True}
    return Result(Outcome.IGNORED, None, (), trace)


def stayed(event: MigrateEvent, reason: str) -> Result:
    """The turn of a migration that was not tried, or failed: recorded, and nobody is bothered."""
    reasons = [reason]
    versions = {"from": event.before.version, "to": event.after.version}
    effects = (LogEvent("conversation.not_migrated", {**versions, "reasons": reasons}),)
    # Nothing was asked of the state map, which may be too long for a trace.
    asked = event_to_json(replace(event, state_map={}))
    trace: JsonObject = {"event": asked, "ignored": True, "reasons": reasons}
    return Result(Outcome.IGNORED, None, effects, trace)


def _told(
    before: Conversation,
    arrived: Arrived,
    outcome: Outcome,
    why: JsonObject,
    program: Program | None = None,
) -> Result:
    effects = (
        SendMessage({"type": "text", "text": _text(before, program)}),
        LogEvent(f"turn.{outcome.value}", {**why, "wants_agent": True}),
    )
    return Result(outcome, None, effects, {"event": arrived.inbound.event, **why})


def _text(before: Conversation, program: Program | None) -> str:
    """The flow's error text if it is one that needs no rendering, else a built-in one."""
    language = (before.language or "en").lower()
    languages = (language, language.partition("-")[0])
    if program is not None:
        text = program.error_text.pick((*languages, program.language.lower()))
        if isinstance(text, str):
            return text
    return next((ERROR[one] for one in languages if one in ERROR), ERROR["en"])
