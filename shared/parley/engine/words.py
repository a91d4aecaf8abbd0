"""A text in its languages, ready to be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parley.engine.texts import Template


@dataclass(frozen=True, slots=True)
class Words:
    """`by_language` is in lower case and in the order written; `pointer` is where it stands."""

    by_language: Mapping[str, str | Template]
    pointer: str

    def pick(self, languages: Sequence[str]) -> str | Template:
        """The first of `languages` that is there, else the first written."""
        for language in languages:
            found = self.by_language.get(language)
            if found is not None:
                return found
        return next(iter(self.by_language.values()))
