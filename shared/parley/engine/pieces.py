"""Several values in one message: which piece of it belongs to which slot."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from parley.engine.slot_types import NO, READERS, YES, Refused
from parley.engine.slots import SlotRule
from parley.engine.spoken_times import SPOKEN, Whereabouts

FREE = frozenset({"string", "any"})
"""The types that take whatever the others leave."""

_COMMA = re.compile("[,;\u060c\u3001\uff0c\n]")
_LINK = re.compile(
    r"\s*(?:[:=]|(?:to|is|auf|zu|ist|à|est|a|es|は|を|إلى)(?!\w))?\s*", re.IGNORECASE
)
"""What may stand between a slot's name and its new value: `change the date to ...`."""

_SHAPES = {
    "email": r"[^\s@,;<>()]{1,64}@[^\s@,;<>()]+\w",
    "url": r"https?://[^\s,;]+",
    "location": r"-?\d{1,2}\.\d{1,9}\s?[,;]\s?-?\d{1,3}\.\d{1,9}",
    "datetime": r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?",
    "date": r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}",
    "time": r"\d{1,2}:\d{2}(?::\d{2})?",
    "phone": r"\+?\d[\d ()./-]{3,28}\d",
    "money": r"[€$£¥₹]\s?\d{1,18}(?:[.,]\d{1,12})?|(?:[A-Z]{3}\s?)?\d{1,18}(?:[.,]\d{1,12})?"
    r"\s?(?:[€$£¥₹]|[A-Z]{3}(?!\w))",
    "number": r"[+-]?\d{1,18}(?:[.,]\d{1,12})?",
}
"""What values look like, the longer before those that they contain."""
_ONLY_IF_WANTED = frozenset({"location", "datetime", "phone", "money"})
_UNSPACED = re.compile("[\u0e00-\u0eff\u2e80-\ufaff]")
"""Scripts that write words without spaces between them."""


def shared_out(
    text: str,
    missing: Sequence[SlotRule],
    filled: Sequence[SlotRule],
    here: Whereabouts | None = None,
) -> list[tuple[SlotRule, str]]:
    """Each slot that gets a piece of the message, and the piece, in the order of the slots.

    A piece belongs to the first missing slot whose type it has, typed slots before free ones, even
    if the slot's own rules then refuse it. A filled slot gets one only if the message names it.
    """
    given: dict[str, str] = {}
    text = _give_to_named(text, filled, given, here)
    left = _give_by_shape(text, [rule for rule in missing if rule.kind not in FREE], given, here)
    if len(missing) == 1 and missing[0].kind in FREE and text.strip():
        given[missing[0].name] = text.strip()
    else:
        _give_segments(left, missing, given, here)
    return [(rule, given[rule.name]) for rule in (*missing, *filled) if rule.name in given]


def _give_to_named(
    text: str, filled: Sequence[SlotRule], given: dict[str, str], here: Whereabouts | None
) -> str:
    """Gives each filled slot that is named what follows its name; the rest of the message."""
    for rule in filled:
        name = re.search(_bounded(rule.name.replace("_", " ")), text, re.IGNORECASE)
        if name is None:
            continue
        after = text[name.end() :]
        after = after[_linked(after) :]
        value, rest = _first_value(after, rule, here)
        if value:
            given[rule.name] = value
            text = rest
    return text


def _linked(after: str) -> int:
    match = _LINK.match(after)
    return match.end() if match else 0


def _first_value(text: str, rule: SlotRule, here: Whereabouts | None) -> tuple[str, str]:
    """The first piece of `text` that is of the slot's type, and what comes after it."""
    if rule.kind not in FREE:
        for start, end in _spans(text, [rule]):
            if _is_of_type(rule, text[start:end], here):
                return text[start:end], text[end:]
    comma = _COMMA.search(text)
    end = comma.start() if comma else len(text)
    segment = text[:end].strip()
    fits = rule.kind in FREE or _is_of_type(rule, segment, here)
    return (segment if fits else ""), text[end:]


def _give_by_shape(
    text: str, typed: Sequence[SlotRule], given: dict[str, str], here: Whereabouts | None
) -> str:
    """Gives typed slots what looks like them; the message without it."""
    left, at = [], 0
    for start, end in _spans(text, typed):
        rule = _taker(text[start:end], typed, given, here)
        if rule is not None:
            given[rule.name] = text[start:end]
            left.append(text[at:start])
            at = end
    return " ".join((*left, text[at:]))


def _give_segments(
    left: str, missing: Sequence[SlotRule], given: dict[str, str], here: Whereabouts | None
) -> None:
    """Gives what is left between commas: to typed slots that it reads as, else to free ones."""
    typed = [rule for rule in missing if rule.kind not in FREE]
    free = [rule for rule in missing if rule.kind in FREE]
    for segment in (" ".join(part.split()) for part in _COMMA.split(left)):
        if not any(character.isalnum() for character in segment):
            continue
        rule = _taker(segment, typed, given, here)
        rule = rule or next((rule for rule in free if rule.name not in given), None)
        if rule is not None:
            given[rule.name] = segment


def _taker(
    piece: str, typed: Sequence[SlotRule], given: dict[str, str], here: Whereabouts | None
) -> SlotRule | None:
    return next((r for r in typed if r.name not in given and _is_of_type(r, piece, here)), None)


def _is_of_type(rule: SlotRule, piece: str, here: Whereabouts | None) -> bool:
    if rule.kind == "enum":
        return piece.strip().casefold() in rule.words
    try:
        if here is not None and rule.kind in SPOKEN:
            SPOKEN[rule.kind](piece.strip(), here)
        else:
            READERS[rule.kind](piece.strip())
    except Refused:
        return False
    return True


def _spans(text: str, rules: Sequence[SlotRule]) -> Iterator[tuple[int, int]]:
    """Where pieces that look like a value stand, in order; of two that overlap, the first."""
    found = [match.span() for match in _shapes(frozenset(r.kind for r in rules)).finditer(text)]
    for rule in rules:
        words = tuple(rule.words) if rule.kind == "enum" else ()
        words = tuple(YES | NO) if rule.kind == "boolean" else words
        if words:
            found += [match.span() for match in _words(words).finditer(text)]
    at = 0
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= at:
            yield start, end
            at = end


@lru_cache(maxsize=256)
def _shapes(kinds: frozenset[str]) -> re.Pattern[str]:
    wanted = [shape for kind, shape in _SHAPES.items() if kind not in _ONLY_IF_WANTED - kinds]
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(wanted)})(?![A-Za-z0-9_])")


@lru_cache(maxsize=256)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile("|".join(_bounded(word) for word in longest_first if word), re.IGNORECASE)


def _bounded(word: str) -> str:
    """A pattern for a whole word; in scripts without spaces wherever it stands."""
    escaped = re.escape(word)
    return escaped if _UNSPACED.search(word) else rf"(?<!\w){escaped}(?!\w)"
