"""What runs now: the supervisor writes it to one file, everybody else reads it there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from parley.domain.json import JsonObject
from tools.local.places import Places, read_json, write_json
from tools.local.processes import Identity


class Phase(StrEnum):
    """How far the supervisor has come."""

    STARTING = "starting"
    READY = "ready"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PartState:
    """One part's process, and how often it was started again."""

    name: str
    label: str
    port: int
    log: Path
    identity: Identity
    restarts: int = 0

    @classmethod
    def from_json(cls, document: JsonObject) -> Self:
        return cls(
            name=document["name"],
            label=document["label"],
            port=document["port"],
            log=Path(document["log"]),
            identity=Identity.from_json(document["process"]),
            restarts=document["restarts"],
        )

    def to_json(self) -> JsonObject:
        return {
            "name": self.name,
            "label": self.label,
            "port": self.port,
            "log": str(self.log),
            "process": self.identity.to_json(),
            "restarts": self.restarts,
        }


@dataclass(frozen=True, slots=True)
class State:
    """A laptop cloud as its supervisor last described it; `supervisor` None: it never ran."""

    phase: Phase = Phase.STOPPED
    supervisor: Identity | None = None
    parts: tuple[PartState, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, places: Places) -> Self:
        """The phase is STOPPED, whatever the file says, when the supervisor is gone."""
        document = read_json(places.state)
        if not document:
            return cls()
        supervisor = Identity.from_json(document["supervisor"])
        phase = Phase(document["phase"]) if supervisor.find() else Phase.STOPPED
        parts = tuple(PartState.from_json(part) for part in document["parts"])
        return cls(phase, supervisor, parts, document["addresses"])

    def write(self, places: Places) -> None:
        supervisor = self.supervisor
        write_json(
            places.state,
            {
                "phase": self.phase,
                "supervisor": None if supervisor is None else supervisor.to_json(),
                "parts": [part.to_json() for part in self.parts],
                "addresses": dict(self.addresses),
            },
        )

    def left_over(self) -> Iterable[PartState]:
        """Parts that still run although their supervisor does not."""
        return [part for part in self.parts if part.identity.find() is not None]
