"""A flow, compiled: what `run_turn` reads, immutable, made once per published version."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """A checked flow document, ready to run; safe to share between conversations and threads."""

    name: str
