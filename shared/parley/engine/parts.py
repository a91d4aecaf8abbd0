"""The pieces of a document made ready to run: expressions, texts and messages."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from parley.domain import flow_transitions as authored
from parley.domain.content import MEDIA_TYPES
from parley.domain.errors import Fault, FlowInvalid
from parley.domain.flow_states import ResponseConfig
from parley.domain.flow_texts import SHARED_TEXT, Content, Form, Templates, Text
from parley.domain.flows import FlowDocument
from parley.domain.json import Json, JsonObject
from parley.domain.messages import MessageType
from parley.engine import defaults
from parley.engine.expressions import Expression, ExpressionInvalid, Expressions
from parley.engine.forms import resolved
from parley.engine.sayings import Plan, Sayings
from parley.engine.texts import Template, TextInvalid, compile_text
from parley.engine.words import Words


class Parts:
    """Makes the parts of one document. Every method raises FlowInvalid with the part's pointer."""

    def __init__(self, document: FlowDocument) -> None:
        self._document = document
        self._language = document.language.lower()
        # Flows say and ask the same things in many states: each is compiled once.
        self._compiled: dict[str, Expression] = {}
        self._templates: dict[tuple[str, bool], str | Template] = {}

    @cached_property
    def _expressions(self) -> Expressions:
        return Expressions(self._document.slots)

    def expression(self, source: str, pointer: str) -> Expression:
        try:
            if source not in self._compiled:
                self._compiled[source] = self._expressions.compile(source)
            return self._compiled[source]
        except ExpressionInvalid as error:
            raise FlowInvalid(f"{pointer}: {error}", [Fault(pointer, str(error))]) from error

    def optional_expression(self, source: str | None, pointer: str) -> Expression | None:
        return None if source is None else self.expression(source, pointer)

    def template(self, source: str, pointer: str, *, is_endpoint: bool = False) -> str | Template:
        key = (source, is_endpoint)
        try:
            if key not in self._templates:
                self._templates[key] = compile_text(source, is_endpoint=is_endpoint)
            return self._templates[key]
        except TextInvalid as error:
            raise FlowInvalid(f"{pointer}: {error}", [Fault(pointer, str(error))]) from error

    def words(self, text: Text, pointer: str) -> Words:
        """A text in its languages."""
        found = self._languages_of(text, pointer)
        return Words({k: self.template(v, pointer) for k, v in found.items()}, pointer)

    def optional_words(self, text: Text | None, pointer: str) -> Words | None:
        return None if text is None or text in ("", {}) else self.words(text, pointer)

    def words_or(self, text: Text | None, built_in: Mapping[str, str], pointer: str) -> Words:
        """A text of the flow, else the built-in one."""
        return self.words(dict(built_in) if text is None else text, pointer)

    def one_text(self, text: Text, pointer: str, *, is_endpoint: bool = False) -> str | Template:
        """A text in the flow's language."""
        source = _in_language(self._languages_of(text, pointer), self._language, self._language)
        return self.template(source, pointer, is_endpoint=is_endpoint)

    def slot(self, name: str, pointer: str) -> str:
        """`name`, if a slot is called so."""
        if name not in self._document.slots:
            why = f"no slot is called {name!r}"
            raise FlowInvalid(f"{pointer}: {why}", [Fault(pointer, why)])
        return name

    def ask(self, name: str) -> dict[str, str]:
        """The built-in question for a slot without a prompt."""
        readable = name.replace("_", " ")
        return {language: text + readable for language, text in defaults.ASK.items()}

    def _languages_of(
        self, text: Text, pointer: str, seen: frozenset[str] = frozenset()
    ) -> dict[str, str]:
        if isinstance(text, str):
            return {self._language: text}
        if SHARED_TEXT not in text:
            return {language.lower(): words for language, words in text.items()}
        name = text[SHARED_TEXT]
        shared = self._document.texts.get(name)
        if shared is None or name in seen:
            why = f"the shared text {name!r} leads " + ("back to itself" if shared else "nowhere")
            raise FlowInvalid(f"{pointer}: {why}", [Fault(pointer, why)])
        return self._languages_of(shared, pointer, seen | {name})

    # messages

    def templates(self, templates: Templates, pointer: str) -> Sayings | None:
        """What an end, an error or a handoff says; None if nothing."""
        return self._sayings(templates, {}, pointer) if templates else None

    def response(self, config: ResponseConfig, pointer: str) -> Sayings:
        """The message of a response."""
        extras = {name: more for name in _EXTRAS if (more := getattr(config, name))}
        manner = _manner(is_typing=config.typing_indicator, delay_ms=config.delay_ms)
        if config.response_type is not MessageType.TEXT:
            manner["type"] = config.response_type.value
        choices = self.optional_expression(config.choices_from, f"{pointer}/choices_from")
        return self._sayings(
            config.response_templates,
            manner,
            f"{pointer}/response_templates",
            extras=Content.model_construct(**extras) if extras else None,
            choices_from=choices,
            is_literal=not config.personalization,
        )

    def message(self, config: authored.SendMessageConfig, pointer: str) -> Sayings:
        """The message of an action."""
        if config.template is not None:
            text: Text = {SHARED_TEXT: config.template}
            config = config.model_copy(update={"text": text, "template": None})
        manner = _manner(is_typing=config.typing_indicator, delay_ms=config.delay_ms)
        languages = self._spoken(config, pointer) or [self._language]
        contents: dict[str, str | Content] = dict.fromkeys(languages, config)
        return self._sayings(contents, manner, pointer)

    def _spoken(self, content: Content, pointer: str) -> list[str]:
        texts = [content.text, *(choice.title for choice in content.quick_replies)]
        texts += [button.title for button in content.buttons]
        for card in content.carousel or ():
            texts += [card.title, card.subtitle, *(button.title for button in card.buttons)]
        texts += _asked(content.form) if content.form is not None else []
        found = [self._languages_of(t, pointer) for t in texts if isinstance(t, dict)]
        return list(dict.fromkeys(language for languages in found for language in languages))

    def _sayings(
        self,
        templates: Mapping[str, str | Content],
        manner: JsonObject,
        pointer: str,
        *,
        extras: Content | None = None,
        choices_from: Expression | None = None,
        is_literal: bool = False,
    ) -> Sayings:
        plans: dict[str, JsonObject] = {}
        for written, said in templates.items():
            language = written.lower()
            plan: JsonObject = {}
            for content in (extras, said):
                if isinstance(content, str):
                    plan["text"] = content if is_literal else self.template(content, pointer)
                elif content is not None:
                    plan |= self._plan(content, language, pointer, is_literal=is_literal)
            plan |= manner
            plans[language] = {"type": _type_of(plan), **plan}
        finished = {language: Plan.of(plan) for language, plan in plans.items()}
        return Sayings(finished, pointer, choices_from)

    def _plan(
        self, content: Content, language: str, pointer: str, *, is_literal: bool
    ) -> JsonObject:
        """The content as JSON in one language; texts with markup are templates."""

        def said(value: Json) -> Json:
            if isinstance(value, str):
                return value if is_literal else self.template(value, pointer)
            source = _in_language(self._languages_of(value, pointer), language, self._language)
            return source if is_literal else self.template(source, pointer)

        written = content.model_dump(exclude_none=True, mode="json")
        for manner in ("typing_indicator", "delay_ms", "template"):
            written.pop(manner, None)
        if "form" in written:
            slots, form = self._document.slots, written["form"]
            form["fields"] = [resolved(field, slots.get(field["name"])) for field in form["fields"]]
        return {key: _said(key, value, said) for key, value in written.items() if value != []}

    def literal(self, value: Json, pointer: str) -> Any:  # noqa: ANN401 -- JSON with templates
        """JSON in which strings with markup are templates."""
        match value:
            case str():
                return self.template(value, pointer)
            case dict():
                return {k: self.literal(v, f"{pointer}/{k}") for k, v in value.items()}
            case list():
                return [self.literal(v, f"{pointer}/{n}") for n, v in enumerate(value)]
            case _:
                return value


_EXTRAS = ("quick_replies", "buttons", "media", "location", "carousel", "form")
"""What the message of a response has beside its texts."""

_TEXTS = frozenset(
    {
        *("text", "title", "subtitle", "url", "alt_text", "thumbnail_url", "image_url", "address"),
        *("description", "submit_label", "label", "placeholder", "help"),
    }
)


def _asked(form: Form) -> list[Text | None]:
    """The texts of a form."""
    texts = [form.title, form.description, form.submit_label]
    for field in form.fields:
        texts += [field.label, field.placeholder, field.help]
        texts += [option.title for option in field.options]
    return texts


def _said(key: str, value: Json, said: Callable[[Json], Json]) -> Json:
    if key in _TEXTS:
        return said(value)
    match value:
        case dict():
            return {k: _said(k, v, said) for k, v in value.items() if v != []}
        case list():
            return [_said(key, item, said) for item in value]
        case _:
            return value


def _in_language(texts: Mapping[str, str], language: str, flow_language: str) -> str:
    for wanted in (language, language.partition("-")[0], flow_language):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()))


def _manner(*, is_typing: bool, delay_ms: int | None) -> JsonObject:
    manner: JsonObject = {"typing": True} if is_typing else {}
    return manner if delay_ms is None else {**manner, "delay_ms": delay_ms}


def _type_of(plan: JsonObject) -> str:
    if "form" in plan:
        return MessageType.FORM.value
    if "media" in plan:
        return MEDIA_TYPES[plan["media"]["type"].partition("/")[0]].value
    if "carousel" in plan:
        return MessageType.CAROUSEL.value
    if "location" in plan:
        return MessageType.LOCATION.value
    return MessageType.TEXT.value
