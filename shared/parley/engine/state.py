"""Where a conversation stands in its flow: all that one turn leaves to the next."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Self

from parley.domain.conversations import Status, Timer
from parley.domain.json import Json, JsonObject, canonical


@dataclass(frozen=True, slots=True)
class Caller:
    """A flow that waits for one that it called; all of it is JSON.

    `flow` is its key, None for the conversation's own. It goes on by entering `target`, or, if that
    is None, with the work of the state `at`. `action` is the pointer of what called.
    """

    flow: str | None
    at: str
    target: str | None
    action: str
    vars: dict[str, Json]
    previous: str | None
    left: str | None

    def to_json(self) -> JsonObject:
        return {name: getattr(self, name) for name in _CALLER_FIELDS}

    @classmethod
    def from_json(cls, value: JsonObject) -> Self:
        return cls(**{name: value[name] for name in _CALLER_FIELDS})


_CALLER_FIELDS = tuple(Caller.__dataclass_fields__)


@dataclass(slots=True)
class RunState:
    """A value: a turn makes a new one and never changes what it was given, nor anything inside it.

    `slots` holds filled slots only, `vars` every declared variable, both as JSON. `language` is
    set once the conversation has one of its own. `entries` counts the states entered and makes
    timer ids; `previous` is the state that the last global transition left, `left` the one that
    the handoff left. `choices` are the {title, payload} of the last message that had some.
    `context` is what `set_context` noted, but the language. `flow` is the key of the called flow
    that runs (`vars` are its own), None for the conversation's own; `callers` wait for it, the
    innermost last. `awaited` is the id of the call whose callback the current state waits for.
    `form` is the last form sent, until it is filled in: of each field its type, or the list of its
    values.
    `asked` is the slot whose value the user was asked for, `proposed` the value to confirm.
    """

    current_state: str
    status: Status = Status.ACTIVE
    slots: dict[str, Json] = field(default_factory=dict)
    vars: dict[str, Json] = field(default_factory=dict)
    language: str | None = None
    entries: int = 0
    misses: int = 0
    fallback_count: int = 0
    previous: str | None = None
    left: str | None = None
    choices: list[JsonObject] = field(default_factory=list)
    asked: str | None = None
    proposed: Json = None
    timers: tuple[Timer, ...] = ()
    context: JsonObject = field(default_factory=dict)
    flow: str | None = None
    callers: tuple[Caller, ...] = ()
    awaited: str | None = None
    form: JsonObject = field(default_factory=dict)
    _digest: str | None = field(default=None, init=False, repr=False, compare=False)

    def to_json(self) -> JsonObject:
        """The state as JSON; `from_json` gives it back, also through text."""
        return {
            "current_state": self.current_state,
            "status": self.status.value,
            "slots": self.slots,
            "vars": self.vars,
            "language": self.language,
            "entries": self.entries,
            "misses": self.misses,
            "fallback_count": self.fallback_count,
            "previous": self.previous,
            "left": self.left,
            "choices": self.choices,
            "asked": self.asked,
            "proposed": self.proposed,
            "timers": [{"id": t.id, "due_at": t.due_at.isoformat()} for t in self.timers],
            **self._rare(),
        }

    def _rare(self) -> JsonObject:
        """What few conversations have; it is left out where it is empty."""
        if not (self.context or self.form or self.flow or self.awaited):
            return {}
        callers = [caller.to_json() for caller in self.callers]
        rare = {"context": self.context, "form": self.form, "flow": self.flow, "callers": callers}
        return {name: value for name, value in (rare | {"awaited": self.awaited}).items() if value}

    def copy(self) -> "RunState":
        """A state of its own: what it holds is shared, and never changed in place."""
        return RunState(
            self.current_state,
            self.status,
            dict(self.slots),
            dict(self.vars),
            self.language,
            self.entries,
            self.misses,
            self.fallback_count,
            self.previous,
            self.left,
            self.choices,
            self.asked,
            self.proposed,
            self.timers,
            self.context,
            self.flow,
            self.callers,
            self.awaited,
            self.form,
        )

    @classmethod
    def from_json(cls, value: JsonObject) -> Self:
        """What `to_json` wrote; unknown keys are ignored, so that a rollback can read it."""
        known: dict[str, Any] = {key: value[key] for key in _FIELDS if key in value}
        known["status"] = Status(value["status"])
        known["timers"] = tuple(
            Timer(t["id"], datetime.fromisoformat(t["due_at"])) for t in value["timers"]
        )
        known["callers"] = tuple(Caller.from_json(each) for each in value.get("callers", ()))
        return cls(**known)

    def digest(self) -> str:
        """128 bits of BLAKE2b of the fields as canonical JSON: equal states, equal digests."""
        if self._digest is None:
            # A list, not `to_json`: the names of the fields would double what this takes.
            fields = [
                self.current_state,
                self.status,
                self.slots,
                self.vars,
                self.language,
                self.entries,
                self.misses,
                self.fallback_count,
                self.previous,
                self.left,
                self.choices,
                self.asked,
                self.proposed,
                [(timer.id, timer.due_at) for timer in self.timers],
                self._rare(),
            ]
            self._digest = blake2b(canonical(fields), digest_size=16).hexdigest()
        return self._digest


_FIELDS = tuple(RunState.__dataclass_fields__.keys() - {"_digest"})
