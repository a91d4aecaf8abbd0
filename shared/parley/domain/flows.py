"""A flow document, and what checking finds in it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class IntentScore:
    """How sure the classifier is, from 0 to 1, that a text means the intent `name`."""

    name: str
    confidence: float


type Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: `pointer` is a JSON Pointer (RFC 6901), `message` says how to mend it.

    `line` and `column` count from 1 and are None where the source was not text.
    """

    code: str
    severity: Severity
    pointer: str
    message: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class FlowDocument:
    """TEMPORARY."""
