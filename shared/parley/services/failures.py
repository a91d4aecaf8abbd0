"""What a turn comes to that could not be run: never nothing, never silence."""

from parley.domain.conversations import Conversation
from parley.domain.json import JsonObject
from parley.domain.turns import Outcome
from parley.engine.effects import LogEvent, SendMessage
from parley.services.arrivals import Arrived, Result

_DEFAULT_LANGUAGE = "en"
_TEXTS = {
    "ar": "عذرًا، حدث خطأ ما. سيتواصل معك أحد موظفينا.",
    "de": "Entschuldigung, da ist etwas schiefgegangen. Wir kümmern uns darum.",
    "en": "Sorry, something went wrong. Someone from our team will look into it.",
    "es": "Lo sentimos, algo ha salido mal. Una persona de nuestro equipo lo revisará.",
    "fr": "Désolé, une erreur est survenue. Quelqu'un de notre équipe va s'en occuper.",
    "ja": "申し訳ありません。問題が発生しました。担当者が確認いたします。",
}


def failed(before: Conversation, arrived: Arrived, error: Exception) -> Result:
    """The turn of an event that fails whenever it is run: said, recorded, handed to a person.

    What failed is in the trace and the event log by type; its words may hold a user's.
    """
    return _told(before, arrived, Outcome.FAILED, {"error": type(error).__name__})


def quarantined(before: Conversation, arrived: Arrived) -> Result:
    """The turn of an event that has killed its worker before: nothing of it is run."""
    return _told(before, arrived, Outcome.QUARANTINED, {"received": arrived.receipt.receive_count})


def ignored(arrived: Arrived) -> Result:
    """The turn of an event that reached a conversation which had closed."""
    trace: JsonObject = {"event": arrived.inbound.event, "ignored": True}
    return Result(Outcome.IGNORED, None, (), trace)


def _told(before: Conversation, arrived: Arrived, outcome: Outcome, why: JsonObject) -> Result:
    language = (before.language or _DEFAULT_LANGUAGE).partition("-")[0]
    text = _TEXTS.get(language, _TEXTS[_DEFAULT_LANGUAGE])
    effects = (
        SendMessage({"type": "text", "text": text}),
        LogEvent(f"turn.{outcome.value}", {**why, "wants_agent": True}),
    )
    return Result(outcome, None, effects, {"event": arrived.inbound.event, **why})
