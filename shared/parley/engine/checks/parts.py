"""Findings about expressions, texts, patterns and mappings: what does not parse or does not fit."""

import re
from collections.abc import Iterator

from parley.domain.flow_states import IntegrationState
from parley.domain.flow_texts import SHARED_TEXT
from parley.domain.json import Json
from parley.engine.checks.subject import Finding, Subject, is_name
from parley.engine.checks.written import Written
from parley.engine.compile_states import mapping_target
from parley.engine.content_limits import MAX_CARD_TITLE, MAX_TITLE
from parley.engine.expressions import ROOTS, ExpressionInvalid
from parley.engine.formats import pointer_part
from parley.engine.mappings import PathInvalid, compile_path
from parley.engine.slots import PatternInvalid, compile_pattern
from parley.engine.texts import TextInvalid, compile_text

_CARD_TITLE = re.compile(r"/carousel/\d+/title(/[^/]*)?$")
_MEMBER = 2


def invalid_expressions(subject: Subject) -> Iterator[Finding]:
    """Expressions that do not parse, or whose types or names do not fit."""
    for written in subject.expressions():
        try:
            compiled = (
                subject.of_called_home.compile(written.source)
                if written.of_called
                else subject.compiled(written.source)
            )
        except ExpressionInvalid as error:
            yield Finding(written.pointer, f"Mend the expression: {error}.")
            continue
        kind = compiled.returns.partition("<")[0]
        if written.returns and kind not in written.returns:
            wanted = written.returns[0].lower()
            why = f"The expression gives a {kind.lower()}: write one that gives a {wanted}."
            yield Finding(written.pointer, why)


def invalid_texts(subject: Subject) -> Iterator[Finding]:
    """Texts that do not parse, or that read names nobody declares."""
    for pointer, source in sources(subject):
        try:
            template = compile_text(source, is_endpoint=pointer.endswith("/endpoint"))
        except TextInvalid as error:
            yield Finding(pointer, f"Mend the text: {error}.")
            continue
        if not isinstance(template, str):
            for path in template.paths:
                yield from _unknown_name(subject, pointer, path)


def sources(subject: Subject) -> Iterator[tuple[str, str]]:
    """Every text in each of its languages, as written."""
    for written in subject.texts():
        yield from _by_language(written)


def _by_language(written: Written[Json]) -> Iterator[tuple[str, str]]:
    if isinstance(written.part, str):
        yield written.pointer, written.part
    elif isinstance(written.part, dict) and SHARED_TEXT not in written.part:
        for language, source in written.part.items():
            yield f"{written.pointer}/{pointer_part(language)}", source


def _unknown_name(subject: Subject, pointer: str, path: tuple[str, ...]) -> Iterator[Finding]:
    if path[0] not in ROOTS:
        yield Finding(pointer, f"No text knows {path[0]!r}: begin with one of {', '.join(ROOTS)}.")
    elif len(path) >= _MEMBER:
        known = {"slots": subject.document.slots, "vars": subject.variables}.get(path[0])
        if known is not None and path[1] not in known:
            where = "slots" if path[0] == "slots" else "variables"
            yield Finding(pointer, f"Declare {path[1]!r} under `{where}`: the text reads it.")


def invalid_patterns(subject: Subject) -> Iterator[Finding]:
    """Patterns that RE2 refuses."""
    for name, slot in subject.document.slots.items():
        if slot.pattern is None:
            continue
        try:
            compile_pattern(slot.pattern)
        except PatternInvalid as error:
            why = f"RE2 refuses the pattern ({error}): it has no backreferences nor look-around."
            yield Finding(f"/slots/{name}/pattern", why)


def invalid_mappings(subject: Subject) -> Iterator[Finding]:
    """JMESPath that does not parse or could do too much, and targets that no variable can be."""
    for written in subject.of_type(IntegrationState):
        config = written.part.config
        for field in ("request_mapping", "response_mapping"):
            for name, path in getattr(config, field).items():
                try:
                    compile_path(path)
                except PathInvalid as error:
                    at = f"{written.pointer}/config/{field}/{pointer_part(name)}"
                    yield Finding(at, f"Mend the JMESPath: {error}.")
        for target in config.response_mapping:
            kind, name = mapping_target(target, subject.document)
            if kind == "vars" and not is_name(name):
                at = f"{written.pointer}/config/response_mapping/{pointer_part(target)}"
                yield Finding(at, f"No variable is called {name!r}: use letters, digits and _.")


def long_titles(subject: Subject) -> Iterator[Finding]:
    """S1-9 and S1-10: a title has at most 20 characters, that of a card 80."""
    for pointer, source in sources(subject):
        is_title = "/title" in pointer[-len("/title/xx-XXXX") :]
        is_title = is_title and "/form/" not in pointer  # the model says how long those may be
        at_most = MAX_CARD_TITLE if _CARD_TITLE.search(pointer) else MAX_TITLE
        if is_title and "{{" not in source and len(source) > at_most:
            yield Finding(pointer, f"Shorten the title to {at_most} characters.")
