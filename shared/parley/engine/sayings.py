"""Messages with their texts still to be rendered, in each language they are written in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.domain.flow_texts import MAX_PAYLOAD
from parley.domain.json import Json, JsonObject
from parley.engine.content_limits import MAX_TITLE, too_long
from parley.engine.expressions import Expression
from parley.engine.texts import Template, TextFailed

if TYPE_CHECKING:
    from parley.engine.scope import Scope

MAX_CHOICES = 10
_FINISHED = (str, int, float)


@dataclass(frozen=True, slots=True)
class Plan:
    """A content: `base` is finished, `open` are those of its fields that hold templates."""

    base: JsonObject
    open: JsonObject

    @classmethod
    def of(cls, content: JsonObject) -> "Plan":
        """Sorts out what a content still has to be rendered."""
        unfinished = {key: value for key, value in content.items() if has_template(value)}
        base = {key: value for key, value in content.items() if key not in unfinished}
        return cls(_with_payloads(base), unfinished)


@dataclass(frozen=True, slots=True)
class Sayings:
    """`plans` by language, in lower case. `choices_from` gives further quick replies."""

    plans: Mapping[str, Plan]
    pointer: str
    choices_from: Expression | None = None

    def language(self, languages: tuple[str, ...]) -> str:
        """The first of `languages` that there is a plan for, else the first written."""
        for language in languages:
            if language in self.plans:
                return language
        return next(iter(self.plans))

    def content(self, language: str, scope: "Scope") -> JsonObject:
        """The message in a language of `plans`. Raises TextFailed."""
        plan = self.plans[language]
        if not plan.open:
            return plan.base
        more: JsonObject = rendered(plan.open, lambda template: template.render(scope))
        more = _with_payloads(more)
        if why := too_long(more):
            raise TextFailed(why)
        return {**plan.base, **more}


def rendered(plan: Json, render: Callable[[Template], str]) -> Json:
    """`plan` with every template in it rendered."""
    if isinstance(plan, dict):
        return {key: rendered(value, render) for key, value in plan.items()}
    if isinstance(plan, list):
        return [rendered(value, render) for value in plan]
    return plan if plan is None or isinstance(plan, _FINISHED) else render(plan)


def has_template(plan: Json) -> bool:
    """Whether anything in `plan` is still to be rendered."""
    if isinstance(plan, dict):
        return any(has_template(value) for value in plan.values())
    if isinstance(plan, list):
        return any(has_template(value) for value in plan)
    return not (plan is None or isinstance(plan, _FINISHED))


def _with_payloads(content: JsonObject) -> JsonObject:
    """`content` in which every choice has a payload: its title where none is written."""
    for kind in ("quick_replies", "buttons"):
        for choice in content.get(kind, ()):
            if kind == "quick_replies" or choice["type"] == "postback":
                choice.setdefault("payload", choice["title"])
    for card in content.get("carousel", ()):
        _with_payloads(card)
    return content


def offered(content: JsonObject) -> list[JsonObject]:
    """The choices of a message by number: quick replies, buttons, then those of its cards."""
    replies = content.get("quick_replies", ())
    cards = content.get("carousel", ())
    buttons = [*content.get("buttons", ()), *(b for c in cards for b in c.get("buttons", ()))]
    buttons = [button for button in buttons if button["type"] == "postback"]
    return [{"title": c["title"], "payload": c["payload"]} for c in (*replies, *buttons)]


def choices(value: Json, room: int) -> tuple[list[JsonObject], int]:
    """What `choices_from` gave, as quick replies: {title, payload} or plain titles.

    What is no choice, too long for one, or more than there is `room` for is left out: so many.
    """
    given = value if isinstance(value, list) else []
    found: list[JsonObject] = []
    for item in given:
        title = item.get("title") if isinstance(item, dict) else item
        payload = item.get("payload", title) if isinstance(item, dict) else item
        if not isinstance(title, str) or not isinstance(payload, str):
            continue
        if len(title) <= MAX_TITLE and len(payload) <= MAX_PAYLOAD:
            found.append({"title": title, "payload": payload})
    return found[:room], len(given) - len(found[:room])
