"""Findings about what a flow says and hears: languages left out, too long for a channel, alike."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parley.domain.conversations import Channel
from parley.domain.flow_states import ResponseState
from parley.domain.flow_texts import SHARED_TEXT
from parley.domain.flows import Intent
from parley.domain.json import Json
from parley.engine.checks.subject import Finding, Subject
from parley.engine.checks.surroundings import Surroundings
from parley.engine.formats import pointer_part

ALIKE = 0.7
"""The confidence from which a transition takes an intent."""
_MAX_EXAMPLES = 1_000
"""Examples that are compared: more takes longer than a check may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message of a channel may have; None: as much as a flow may."""

    text: int | None = None
    quick_replies: int | None = None
    forms: bool = False


LIMITS: dict[Channel, Limits] = {
    Channel.WHATSAPP: Limits(text=4_096, quick_replies=10),
    Channel.MESSENGER: Limits(text=2_000, quick_replies=13),
    Channel.SMS: Limits(text=1_600),
    Channel.SLACK: Limits(text=3_000),
}
"""WhatsApp Cloud API, Messenger Platform, SMS in ten parts, Slack's section block."""

_RIVALS = 2
_MARKUP = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def missing_languages(subject: Subject) -> Iterator[Finding]:
    """Texts that lack a language which others have."""
    texts = list(_by_language(subject))
    spoken = {language for _, languages in texts for language in languages}
    if not spoken:
        return
    wanted = {*spoken, subject.document.language}
    for pointer, languages in texts:
        missing = sorted(language for language in wanted if not _has(language, languages))
        if missing:
            yield Finding(pointer, f"Write this text in {', '.join(missing)} too: others are.")


def _has(language: str, languages: Sequence[str]) -> bool:
    return language in languages or language.partition("-")[0] in languages


def _by_language(subject: Subject) -> Iterator[tuple[str, list[str]]]:
    for written in subject.texts():
        if isinstance(written.part, dict) and written.part and SHARED_TEXT not in written.part:
            yield written.pointer, list(written.part)
    for state in subject.each_state():
        templates = getattr(state.part.config, "response_templates", None)
        if templates:
            yield f"{state.pointer}/config/response_templates", list(templates)


def over_limits(subject: Subject) -> Iterator[Finding]:
    """Messages that a channel of the flow would refuse."""
    channels = [c for c in subject.document.triggers.channels if c in LIMITS]
    for pointer, source in _messages(subject):
        least = len(_MARKUP.sub("", source))
        over = [c for c in channels if (limit := LIMITS[c].text) is not None and least > limit]
        if over:
            most = LIMITS[over[0]].text
            yield Finding(pointer, f"Shorten the text: {over[0]} takes {most:,} characters.")
    unfit = [channel for channel in channels if not LIMITS[channel].forms]
    for written in subject.attachments():
        if written.part.form is not None and unfit:
            why = f"Ask for the fields one by one where it is {unfit[0]}: it shows no forms."
            yield Finding(f"{written.pointer}/form", why)
    for pointer, count in _choices(subject):
        for channel in channels:
            allowed = LIMITS[channel].quick_replies
            if allowed is not None and count > allowed:
                why = f"Offer fewer quick replies: {channel} takes {allowed}, here are {count}."
                yield Finding(pointer, why)
                break


def _messages(subject: Subject) -> Iterator[tuple[str, str]]:
    for state in subject.each_state():
        templates: dict[str, Json] = getattr(state.part.config, "response_templates", None) or {}
        for language, said in templates.items():
            if isinstance(said, str):
                at = f"{state.pointer}/config/response_templates/{pointer_part(language)}"
                yield at, said
    for content in subject.contents():
        text = content.part.text
        if isinstance(text, str):
            yield f"{content.pointer}/text", text
        elif isinstance(text, dict):
            yield from (
                (f"{content.pointer}/text/{pointer_part(language)}", said)
                for language, said in text.items()
            )


def _choices(subject: Subject) -> Iterator[tuple[str, int]]:
    for state in subject.of_type(ResponseState):
        config = state.part.config
        count = len(config.quick_replies) + len(config.buttons)
        yield f"{state.pointer}/config/quick_replies", count
    for content in subject.contents():
        yield f"{content.pointer}/quick_replies", len(content.part.quick_replies)


def confused_intents(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Intents one of whose examples the classifier takes for another intent's."""
    intents = subject.document.intents
    if around.train is None or len(intents) < _RIVALS:
        return
    classify = around.train(subject.raw["intents"])
    left = _MAX_EXAMPLES
    for name, intent in intents.items():
        others = [other for other in intents if other != name]
        for pointer, text in _examples(intent, f"/intents/{pointer_part(name)}/examples"):
            left -= 1
            if left < 0:
                return
            best = next(iter(classify(text, others)), None)
            if best is not None and best.confidence >= ALIKE:
                why = f"{text!r:.60} could also be the intent {best.name!r}: make them less alike."
                yield Finding(pointer, why)


def _examples(intent: Intent, pointer: str) -> Iterator[tuple[str, str]]:
    match intent.examples:
        case dict() as by_language:
            for language, texts in by_language.items():
                at = f"{pointer}/{pointer_part(language)}"
                yield from ((f"{at}/{n}", text) for n, text in enumerate(texts))
        case texts:
            yield from ((f"{pointer}/{n}", text) for n, text in enumerate(texts))
