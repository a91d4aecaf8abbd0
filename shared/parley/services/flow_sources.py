"""What is handed in as a flow, before anyone knows whether it is a good one."""

import hashlib
import json
from dataclasses import dataclass, replace

from parley.domain.errors import Fault, FlowInvalid, Invalid
from parley.domain.flow_records import MAX_NAME_LENGTH, Flow
from parley.domain.flows import MAX_FLOW_BYTES, MAX_FLOW_DEPTH, Diagnostic
from parley.domain.json import Json, JsonObject, is_within
from parley.engine.check import check_flow
from parley.engine.checks.surroundings import Around, Surroundings
from parley.engine.formats import dump_flow, load_flow
from parley.engine.scripts import Script, script_from_json

MAX_TAGS = 50
_MAX_TAG_LENGTH = 50
_MAX_CATEGORY_LENGTH = 100
_MAX_DESCRIPTION_LENGTH = 5_000
_MAX_LANGUAGE_LENGTH = 35
_NOTHING_KNOWN = Surroundings()


@dataclass(frozen=True, slots=True)
class Headline:
    """What a list of flows shows of a document."""

    name: str
    description: str | None
    language: str
    tags: tuple[str, ...]
    category: str | None
    content_hash: str

    def shown_on(self, flow: Flow) -> Flow:
        """The flow with all this but the name, which never changes."""
        return replace(
            flow,
            description=self.description,
            language=self.language,
            tags=self.tags,
            category=self.category,
        )


def loaded(source: str | JsonObject) -> tuple[JsonObject, str | None]:
    """A document, and its text if it came as one. Raises Invalid, FlowInvalid for bad syntax."""
    if not isinstance(source, str):
        return source, None
    if len(source.encode(errors="surrogatepass")) > MAX_FLOW_BYTES:
        raise _too_large()
    return load_flow(source), source


def headline(document: JsonObject) -> Headline:
    """What is shown of a document. Raises Invalid if it has no name or cannot be kept at all.

    A draft may be wrong in every other respect: what cannot be shown is left out.
    """
    _require_depth(document)
    name = document.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise Invalid(
            f"a flow needs a name of at most {MAX_NAME_LENGTH} characters",
            [Fault("/name", f"must be a text of 1 to {MAX_NAME_LENGTH} characters")],
        )
    tags = document.get("tags")
    return Headline(
        name=name.strip(),
        description=_text(document.get("description"), _MAX_DESCRIPTION_LENGTH),
        language=_text(document.get("language"), _MAX_LANGUAGE_LENGTH) or "en",
        tags=tuple(
            tag for tag in (tags if isinstance(tags, list) else []) if _text(tag, _MAX_TAG_LENGTH)
        )[:MAX_TAGS],
        category=_text(document.get("category"), _MAX_CATEGORY_LENGTH),
        content_hash=_content_hash(document),
    )


def require_same_name(expected: str, name: str) -> None:
    """Raises Invalid unless a document is called what the flow is called."""
    if name != expected.strip():
        raise Invalid(
            f"the document is called {name!r} and the flow {expected!r}: make them equal",
            [Fault("/name", f"must be {expected!r}")],
        )


def script_of(tests: str | JsonObject) -> Script:
    """A file of tests whose `flow` may be left out. Raises Invalid with every fault."""
    document, _ = loaded(tests)
    return script_from_json({"flow": "", **document})


def require_tests(tests: str | JsonObject | None) -> None:
    """Raises Invalid for what is no file of tests, with pointers below `/tests`."""
    try:
        if tests is not None:
            script_of(tests)
    except Invalid as error:
        faults = [Fault(f"/tests{fault.pointer}", fault.message) for fault in error.faults]
        raise Invalid(error.detail, faults) from error


def require_sound(source: str | JsonObject, around: Around = _NOTHING_KNOWN) -> None:
    """Raises FlowInvalid with every error of the check."""
    faults = [
        Fault(diagnostic.pointer, _placed(diagnostic))
        for diagnostic in check_flow(source, around)
        if diagnostic.severity == "error"
    ]
    if faults:
        raise FlowInvalid(f"the flow has {len(faults)} errors; mend them to publish it", faults)


def as_json(source: str | JsonObject) -> str:
    """A document as JSON for people to read."""
    document, _ = loaded(source)
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_yaml(source: str | JsonObject) -> str:
    """A document as YAML: the very text that was handed in, if that was YAML."""
    if isinstance(source, str) and not source.lstrip().startswith("{"):
        return source
    document, _ = loaded(source)
    return dump_flow(document)


def _placed(diagnostic: Diagnostic) -> str:
    """What is wrong, with its place in the text if there is one."""
    if diagnostic.line is None:
        return diagnostic.message
    return f"{diagnostic.message} (line {diagnostic.line}, column {diagnostic.column})"


def _text(value: Json, max_length: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= max_length else None


def _content_hash(document: JsonObject) -> str:
    """SHA-256, in hex, of the JSON without spaces; the order of keys counts, as in a flow."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        canonical = text.encode()
    except (TypeError, ValueError) as error:
        raise Invalid(
            "the document is not JSON", [Fault("", "holds what JSON cannot say")]
        ) from error
    if len(canonical) > MAX_FLOW_BYTES:
        raise _too_large()
    if "\\u0000" in text:
        raise Invalid("the document has a NUL character", [Fault("", "has a NUL character")])
    return hashlib.sha256(canonical).hexdigest()


def _require_depth(document: JsonObject) -> None:
    if not is_within(document, depth=MAX_FLOW_DEPTH, values=MAX_FLOW_BYTES):
        raise Invalid(
            f"the document nests deeper than {MAX_FLOW_DEPTH} levels",
            [Fault("", "nests too deeply")],
        )


def _too_large() -> Invalid:
    return Invalid(
        f"a flow has at most {MAX_FLOW_BYTES // 1024} KB",
        [Fault("", f"must have at most {MAX_FLOW_BYTES // 1024} KB")],
    )
