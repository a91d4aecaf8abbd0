"""How texts are cut into the features that intents are told apart by."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

_WORDS = re.compile(r"\w+", re.UNICODE)
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
"""Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana and Han."""

_STEM = 5
MAX_TEXT_LENGTH = 2_000
"""Characters that are looked at: more says nothing more about an intent."""


def normalized(text: str) -> str:
    """Compatibility forms unified, case folded, marks dropped, each gap one space."""
    if text.isascii():
        return " ".join(_WORDS.findall(text[:MAX_TEXT_LENGTH].casefold()))
    decomposed = unicodedata.normalize("NFKD", text[:MAX_TEXT_LENGTH].casefold())
    kept = "".join(c for c in decomposed if not 0x300 <= ord(c) <= 0x36F)  # noqa: PLR2004 -- marks
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", kept)))


def features(text: str) -> Iterator[str]:
    """Words and their beginnings; of scripts without spaces, characters and pairs of them.

    `text` is normalized.
    """
    for word in text.split():
        if word.isascii():
            yield from _word(word)
            continue
        position = 0
        for run in _UNSPACED.finditer(word):
            yield from _word(word[position : run.start()])
            yield from _characters(run[0])
            position = run.end()
        yield from _word(word[position:])


def _word(word: str) -> Iterator[str]:
    if word:
        yield word
        if len(word) > _STEM:
            yield f"{word[:_STEM]}-"


def _characters(run: str) -> Iterator[str]:
    yield from run
    for first, second in pairwise(run):
        yield first + second
