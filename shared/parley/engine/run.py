"""One turn while it runs: the new state in the making, its effects, and the notes for the trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parley.domain.conversations import Status
from parley.domain.json import Json, JsonObject
from parley.engine.effects import Effect, SendMessage
from parley.engine.events import Event
from parley.engine.expressions import Expression, ExpressionFailed
from parley.engine.forms import on_offer
from parley.engine.masking import masked
from parley.engine.recorder import Recorder
from parley.engine.sayings import MAX_CHOICES, Sayings, choices, offered
from parley.engine.scope import Scope
from parley.engine.state import RunState
from parley.engine.texts import TextFailed, fitting
from parley.engine.words import Words

if TYPE_CHECKING:
    from parley.engine.calling import Called
    from parley.engine.program import Program


class Run:
    """What the parts of a turn work on together. `state` is this turn's own; its values are not.

    `program` is the flow that runs now, `called` one that an action wants to run next; `depth`
    flows waited for another when the turn began. `tried`, `path` and `errors` go into the trace;
    `prefix` stands before every place in a called flow.
    """

    __slots__ = (
        *("called", "depth", "effects", "errors", "own", "path", "prefix"),
        *("program", "recorder", "scope", "state", "tried"),
    )

    def __init__(self, own: "Program", state: RunState, event: Event, recorder: Recorder) -> None:
        self.own = own
        self.program = own
        self.prefix = ""
        self.called: Called | None = None
        self.state = state
        self.depth = len(state.callers)
        self.recorder = recorder
        self.scope = Scope(state, event, recorder, own.language)
        self.effects: list[Effect] = []
        self.tried: list[JsonObject] = []
        self.path: list[str] = []
        self.errors: list[JsonObject] = []
        if state.flow is not None:
            self.switch(state.flow)

    def switch(self, key: str | None) -> None:
        """Goes on in another flow: the one with that key, or the conversation's own.

        Raises ValueError if it is not there: it was when it was called.
        """
        flow = None if key is None else self.recorder.flow(key)
        if key is not None and flow is None:
            raise ValueError(f"the called flow {key!r} is not there any more")
        self.state.flow = key
        self.program = self.own if flow is None else flow.program
        self.prefix = "" if flow is None else f"{flow.program.name}#"
        self.scope.changed_flow(self.program.language)

    def note_error(self, pointer: str, why: str) -> None:
        """A tenant's part that failed: into the trace, and the turn goes on."""
        self.errors.append({"at": self.prefix + pointer, "why": why})

    def is_true(self, expression: Expression, pointer: str) -> bool:
        """Whether it holds; one that fails is noted and, as a rule, counts as false."""
        try:
            return expression.is_true(self.scope)
        except ExpressionFailed as failure:
            self.note_error(pointer, str(failure))
            return expression.if_failed

    def set_slot(self, name: str, value: Json) -> None:
        """Fills a slot with a value that its rule has accepted."""
        self.state.slots[name] = value
        self.scope.changed()

    def clear_slot(self, name: str) -> None:
        if self.state.slots.pop(name, None) is not None:
            self.scope.changed()

    @contextmanager
    def discreetly(self) -> Iterator[None]:
        """What is rendered meanwhile is for a log: slots with personal data are masked in it."""
        slots = self.state.slots
        personal = (self.program.personal | self.own.personal) & slots.keys()
        if not personal:
            yield
            return
        self.state.slots = {**slots, **{name: masked(slots[name]) for name in personal}}
        self.scope.changed()
        try:
            yield
        finally:
            self.state.slots = slots
            self.scope.changed()

    def set_variable(self, name: str, value: Json) -> None:
        self.state.vars[name] = value
        self.scope.changed()

    def set_language(self, language: str | None) -> None:
        """From here on texts come in this language; None: in the user's, else the flow's."""
        self.state.language = language
        self.scope.changed_language()

    def close(self, status: Status) -> None:
        """Ends the conversation: nothing is awaited any more."""
        self.state.status = status
        self.state.timers, self.state.awaited = (), None

    def text(self, words: Words) -> str:
        """In the conversation's language; if it fails, in the flow's, then the error text."""
        languages = self.scope.languages()
        for wanted in (languages, languages[-2:]):
            chosen = words.pick(wanted)
            if isinstance(chosen, str):
                return chosen
            try:
                return fitting(chosen.render(self.scope))
            except TextFailed as failure:
                self.note_error(words.pointer, str(failure))
        return self.error_text()

    def error_text(self) -> str:
        """The flow's, unless that fails too: then none."""
        chosen = self.program.error_text.pick(self.scope.languages())
        try:
            return chosen if isinstance(chosen, str) else fitting(chosen.render(self.scope))
        except TextFailed:
            return ""

    def say_error(self) -> None:
        """Sends the error text, if there is one."""
        text = self.error_text()
        if text:
            self.send({"type": "text", "text": text})

    def say_words(self, words: Words) -> None:
        """Sends a plain text; an empty one is not sent."""
        text = self.text(words)
        if text:
            self.send({"type": "text", "text": text})

    def say(self, sayings: Sayings) -> None:
        """Sends a message, in the languages that `text` tries."""
        languages = self.scope.languages()
        for wanted in (languages, languages[-2:]):
            try:
                content = sayings.content(sayings.language(wanted), self.scope)
                break
            except TextFailed as failure:
                self.note_error(sayings.pointer, str(failure))
        else:
            self.say_error()
            return
        if sayings.choices_from is not None:
            content = self._with_choices(content, sayings)
        self.send(content)

    def _with_choices(self, content: JsonObject, sayings: Sayings) -> JsonObject:
        try:
            made = sayings.choices_from.json(self.scope) if sayings.choices_from else []
        except ExpressionFailed as failure:
            self.note_error(sayings.pointer, str(failure))
            return content
        written = content.get("quick_replies", ())
        more, left_out = choices(made, MAX_CHOICES - len(written))
        if left_out:
            why = f"{left_out} of the choices are none, too long for one, or too many"
            self.note_error(sayings.pointer, why)
        replies = [*written, *more]
        return {**content, "quick_replies": replies} if replies else content

    def send(self, content: JsonObject) -> None:
        """Sends a finished message and remembers the choices and the form it offers."""
        self.effects.append(SendMessage(content))
        if "quick_replies" in content or "buttons" in content or "carousel" in content:
            self.state.choices = offered(content) or self.state.choices
        if "form" in content:
            self.state.form = on_offer(content["form"])
