"""The slots of a flow: what each accepts, and what a value becomes when it is accepted."""

from dataclasses import dataclass
from typing import Any

from parley.domain.flow_slots import Slot
from parley.domain.json import Json
from parley.engine.recorder import is_modest
from parley.engine.scope import encodable
from parley.engine.slot_types import READERS, Refused, as_location, is_typed
from parley.engine.spoken_times import SPOKEN, Whereabouts

MAX_PATTERN_LENGTH = 500
MAX_VALUE_LENGTH = 10_000
MAX_VALUE_NODES = 2_000
_NUMBERS = (int, float)


class PatternInvalid(Exception):
    """RE2 refuses the pattern; the message says why."""


def compile_pattern(pattern: str) -> Any:  # noqa: ANN401 -- RE2's own, untyped
    """A pattern of a tenant, linear in time and small in memory. Raises PatternInvalid."""
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415 -- only flows with patterns pay

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError, TypeError) as error:
        raise PatternInvalid(str(error)) from error


@dataclass(frozen=True, slots=True)
class SlotRule:
    """A slot, compiled: `words` maps each case-folded word of an enum to its value."""

    name: str
    kind: str
    pattern: Any
    minimum: Json
    maximum: Json
    min_length: int | None
    max_length: int | None
    words: dict[str, str]
    confirm: bool

    def read(self, text: str, here: Whereabouts | None = None) -> Json:
        """The value that a person's words stand for, `here` if it matters. Raises Refused."""
        text = encodable(text.strip())
        if not text or len(text) > MAX_VALUE_LENGTH:
            raise Refused("empty, or too long")
        if self.kind == "enum":
            value = self.words.get(text.casefold())
            if value is None:
                raise Refused("none of its values")
            return value
        if here is not None and self.kind in SPOKEN:
            return self._within(SPOKEN[self.kind](text, here))
        return self._within(READERS[self.kind](text))

    def accept(self, value: Json, here: Whereabouts | None = None) -> Json:
        """The value that a flow or a form gives: text is read, all else must have the type.

        Raises Refused.
        """
        if isinstance(value, str):
            return self.read(value, here)
        if self.kind == "location":
            return as_location(value)
        if not is_typed(self.kind, value) or not is_modest(value, MAX_VALUE_NODES):
            raise Refused(f"not a value of type {self.kind}")
        return self._within(value)

    def _within(self, value: Json) -> Json:
        if isinstance(value, str):
            self._check_text(value)
        if self.minimum is not None and _is_less(value, self.minimum):
            raise Refused(f"below {self.minimum}")
        if self.maximum is not None and _is_less(self.maximum, value):
            raise Refused(f"above {self.maximum}")
        return value

    def _check_text(self, value: str) -> None:
        if self.min_length is not None and len(value) < self.min_length:
            raise Refused(f"shorter than {self.min_length} characters")
        if self.max_length is not None and len(value) > self.max_length:
            raise Refused(f"longer than {self.max_length} characters")
        # As bytes: where in the text it matched, which nobody asks, would take twice as long.
        if self.pattern is not None and self.pattern.search(value.encode(errors="replace")) is None:
            raise Refused("not as its pattern says")


def _is_less(left: Json, right: Json) -> bool:
    """By number, or by text where both are (dates and times in ISO 8601 order as they should)."""
    both_text = isinstance(left, str) and isinstance(right, str)
    both_numbers = isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)
    return bool(left < right) if both_text or both_numbers else False


def enum_words(slot: Slot) -> dict[str, str]:
    """Each word, case-folded, that means a value of the slot: values first, then synonyms."""
    if slot.enum is None:
        return {}
    if not isinstance(slot.enum, dict):
        return {value.strip().casefold(): value for value in reversed(slot.enum)}
    words: dict[str, str] = {}
    for value, synonyms in slot.enum.items():
        groups = synonyms.values() if isinstance(synonyms, dict) else (synonyms,)
        words |= {word.strip().casefold(): value for group in groups for word in group}
    return words | {value.strip().casefold(): value for value in slot.enum}
