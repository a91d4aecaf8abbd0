"""Where a conversation stands in its flow: all that one turn leaves to the next."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Self

from parley.domain.conversations import Status, Timer
from parley.domain.json import Json, JsonObject

_canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
).encode


@dataclass(slots=True)
class RunState:
    """A value: a turn makes a new one and never changes what it was given, nor anything inside it.

    `slots` holds filled slots only, `vars` every declared variable, both as JSON. `language` is
    set once the conversation has one of its own. `entries` counts the states entered and makes
    timer ids; `previous` is the state that the last global transition left, `left` the one that
    the handoff left. `choices` are the {title, payload} of the last message that had some.
    `context` is what `set_context` noted, but the language. `form` is the last form sent, until
    it is filled in: of each field its type, or the list of its values.
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
        rare = {"context": self.context, "form": self.form}
        return {name: value for name, value in rare.items() if value}

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
        return cls(**known)

    def digest(self) -> str:
        """128 bits of BLAKE2b of the fields as canonical JSON: equal states, equal digests."""
        if self._digest is None:
            # A list, not `to_json`: the names of the fields would double the cost of every turn.
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
                [(choice["title"], choice["payload"]) for choice in self.choices],
                self.asked,
                self.proposed,
                [[timer.id, timer.due_at.isoformat()] for timer in self.timers],
            ]
            if self.context or self.form:
                fields.append(self._rare())
            encoded = _canonical(fields).encode("utf-8", "surrogatepass")
            self._digest = blake2b(encoded, digest_size=16).hexdigest()
        return self._digest


_FIELDS = tuple(RunState.__dataclass_fields__.keys() - {"_digest"})
