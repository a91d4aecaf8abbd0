"""Findings about the shape of a document: what the models refuse, with the pointer of each."""

from collections.abc import Iterator, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from parley.domain.json import Json
from parley.engine.checks.subject import Finding
from parley.engine.formats import pointer_part

CODES = {
    "missing": "schema.missing",
    "extra_forbidden": "schema.unknown_field",
    "union_tag_invalid": "schema.unknown_type",
    "union_tag_not_found": "schema.missing",
}
"""Pydantic's kinds of error that have a code of their own; all others are `schema.value`."""

_PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_-]*$": (
        "a name begins with a letter and goes on with letters, digits, _ and -"
    ),
    r"^[A-Za-z][A-Za-z0-9_]*$": (
        "a name begins with a letter and goes on with letters, digits and _"
    ),
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "write a language tag (BCP 47) such as en or pt-BR",
}


def findings(error: ValidationError, raw: Json) -> Iterator[tuple[str, Finding]]:
    """A code and a finding for each thing that the models refuse."""
    seen = set()
    for detail in error.errors(include_url=False, include_context=True, include_input=True):
        pointer = pointer_of(detail["loc"], raw)
        message = _message(detail)
        if (pointer, message) not in seen:
            seen.add((pointer, message))
            yield _code(detail), Finding(pointer, message)


def pointer_of(loc: Sequence[int | str], raw: Json) -> str:
    """The place in the document; a missing field points at its parent.

    Pydantic also puts the names of types into its paths: what the document lacks is left out.
    """
    pointer, here = "", raw
    for part in loc:
        match here:
            case dict() if part in here:
                here = here[part]
            case list() if isinstance(part, int) and part < len(here):
                here = here[part]
            case _:
                continue
        pointer += f"/{pointer_part(part)}"
    return pointer


def _code(detail: ErrorDetails) -> str:
    if detail["type"] == "string_pattern_mismatch":
        is_name = "name" in detail.get("ctx", {}) or detail["ctx"]["pattern"] in _PATTERNS
        return "name.bad" if is_name else "schema.value"
    return CODES.get(detail["type"], "schema.value")


def _message(detail: ErrorDetails) -> str:
    name = detail["loc"][-1] if detail["loc"] else "the document"
    match detail["type"]:
        case "missing":
            return f"Add the field `{name}`."
        case "extra_forbidden":
            return f"Remove the field `{name}`: nothing here is called so."
        case "union_tag_invalid" | "union_tag_not_found":
            expected = detail.get("ctx", {}).get("expected_tags", "")
            return f"Set `type` to one of {expected}." if expected else "Add the field `type`."
        case "string_pattern_mismatch":
            pattern = detail["ctx"]["pattern"]
            return f"Change {detail['input']!r:.60}: {_PATTERNS.get(pattern, pattern)}."
        case _:
            return f"Change `{name}`: {detail['msg'][0].lower()}{detail['msg'][1:]}."
