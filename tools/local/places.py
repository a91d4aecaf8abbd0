"""Where the laptop cloud keeps what it keeps: `.parley/`, or the folder that PARLEY_HOME names."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from parley.domain.json import JsonObject

ROOT = Path(__file__).parents[2]
"""The project's folder: template.yaml, functions/ and shared/ are in it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folder of one laptop cloud, and what is where in it."""

    home: Path

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Path(os.environ.get("PARLEY_HOME") or ROOT / ".parley").resolve())

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def state(self) -> Path:
        """What runs now: written by the supervisor, read by everybody."""
        return self.home / "state.json"

    @property
    def ports(self) -> Path:
        return self.home / "ports.json"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def deployed(self) -> Path:
        """What the last deployment put where."""
        return self.home / "deployed.json"

    @property
    def demo(self) -> Path:
        return self.home / "demo.json"

    @property
    def bytecode(self) -> Path:
        """Compiled modules, so that a deployment compiles only what changed."""
        return self.home / "bytecode"

    @property
    def temporary(self) -> Path:
        """Where functions are unpacked; emptied at each start."""
        return self.home / "tmp"

    def data(self, part: str) -> Path:
        return self.home / "data" / part

    def log(self, part: str) -> Path:
        return self.home / "logs" / f"{part}.log"


def read_json(file: Path) -> JsonObject:
    """What `write_json` wrote there; nothing if it never did."""
    try:
        document = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return document if isinstance(document, dict) else {}


def write_json(file: Path, document: JsonObject) -> None:
    """Whole or not at all, and for this user's eyes only: secrets are among it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}.new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(document, indent=2) + "\n")
    unfinished.replace(file)
