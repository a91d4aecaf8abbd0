"""Which intent a text means: by keyword and by likeness to examples; always the same answer.

An example said word for word is certain (1.0). Otherwise the likeness is the cosine between the
text and the nearest example, each word weighted by how few intents use it (TF-IDF); a word that no
example knows is taken for the known one that is an edit away. A keyword makes an intent as sure
as `KEYWORD_CONFIDENCE`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from parley.domain.flows import IntentScore
from parley.domain.json import Json, JsonObject
from parley.nlu.words import features, normalized

KEYWORD_CONFIDENCE = 0.9
MAX_NEAR = 0.99
"""What is only near is never certain."""
_MIN_TYPO_LENGTH = 4
_UNKNOWN_WEIGHT = 0.3
"""What a word that no example has counts: it makes a text a little less like any of them."""


@dataclass(frozen=True, slots=True)
class _Example:
    intent: str
    weights: Mapping[str, float]
    """Scaled to length 1."""


class IntentMatcher:
    """Trained once per published version; immutable and safe to share."""

    __slots__ = ("_deletes", "_exact", "_examples", "_idf", "_keywords", "_names", "_postings")

    def __init__(self, examples: Mapping[str, Sequence[str]], keywords: Mapping[str, str]) -> None:
        self._names = tuple(examples)
        self._exact: dict[str, str] = {}
        self._keywords = {normalized(word): name for word, name in keywords.items()}
        documents: list[tuple[str, Counter[str]]] = []
        users: defaultdict[str, set[str]] = defaultdict(set)
        for name, texts in examples.items():
            for text in map(normalized, texts):
                self._exact.setdefault(text, name)
                counts = Counter(features(text))
                documents.append((name, counts))
                for feature in counts:
                    users[feature].add(name)
        total = len(examples)
        self._idf = {f: math.log((1 + total) / (1 + len(n))) + 0.3 for f, n in users.items()}
        self._examples = [_Example(name, _unit(self._weighted(c))) for name, c in documents]
        self._postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for n, example in enumerate(self._examples):
            for feature, weight in example.weights.items():
                self._postings[feature].append((n, weight))
        self._deletes = _deletes(word for word in users if len(word) >= _MIN_TYPO_LENGTH)

    @classmethod
    def train(cls, intents: JsonObject, keywords: Mapping[str, str] | None = None) -> Self:
        """From the `intents` of a flow document; `keywords` adds {word: intent} to their own."""
        words = {w: name for name, intent in intents.items() for w in intent.get("keywords", ())}
        examples = {name: _examples(intent.get("examples", ())) for name, intent in intents.items()}
        return cls(examples, {**words, **(keywords or {})})

    def classify(self, text: str, among: Sequence[str] = ()) -> list[IntentScore]:
        """The intents of `among` (none: all) that are at all like `text`, best first.

        Equal ones stand in the order of the document. An example itself has no rival.
        """
        allowed = set(among) if among else None
        said = normalized(text)
        exact = self._exact.get(said)
        if exact is not None and (allowed is None or exact in allowed):
            return [IntentScore(exact, 1.0)]
        scores = self._near(said)
        for name in self._by_keyword(said):
            scores[name] = max(scores.get(name, 0.0), KEYWORD_CONFIDENCE)
        if not scores:
            return []
        found = [
            IntentScore(name, round(scores[name], 4))
            for name in self._names
            if scores.get(name, 0.0) > 0 and (allowed is None or name in allowed)
        ]
        found.sort(key=lambda score: -score.confidence)
        return found

    def _near(self, said: str) -> dict[str, float]:
        """For each intent the likeness of its nearest example."""
        counts: dict[str, int] = {}  # a Counter takes longer to make than all of this
        for feature in map(self._known, features(said)):
            counts[feature] = counts.get(feature, 0) + 1
        weights = self._weighted(counts)
        likeness: dict[int, float] = {}
        for feature, weight in weights.items():
            for n, other in self._postings.get(feature, ()):
                likeness[n] = likeness.get(n, 0.0) + weight * other
        best: dict[str, float] = {}
        length = math.hypot(*weights.values())
        for n, product in likeness.items():
            name = self._examples[n].intent
            score = min(product / length, MAX_NEAR)
            if score > best.get(name, 0.0):
                best[name] = score
        return best

    def _weighted(self, counts: Mapping[str, int]) -> dict[str, float]:
        idf = self._idf
        return {f: (1 + math.log(n)) * idf.get(f, _UNKNOWN_WEIGHT) for f, n in counts.items()}

    def _known(self, feature: str) -> str:
        """The feature itself, or the known word that it is a slip of the finger away from."""
        if feature in self._idf or len(feature) < _MIN_TYPO_LENGTH:
            return feature
        deletes = self._deletes
        for shorter in _shortened(feature):
            if shorter in deletes:
                return deletes[shorter]
        return feature

    def _by_keyword(self, said: str) -> list[str]:
        padded = f" {said} "
        return [name for word, name in self._keywords.items() if f" {word} " in padded]


def _examples(examples: Json) -> list[str]:
    """A list, or one for each language."""
    if isinstance(examples, dict):
        return [text for texts in examples.values() for text in texts]
    return list(examples)


def _unit(weights: Mapping[str, float]) -> dict[str, float]:
    length = math.hypot(*weights.values()) or 1.0
    return {feature: weight / length for feature, weight in weights.items()}


def _deletes(words: Iterator[str]) -> dict[str, str]:
    """Every word whole and less one letter: two that meet are an edit or two apart."""
    found: dict[str, str] = {}
    for word in words:
        for shorter in _shortened(word):
            found.setdefault(shorter, word)
    return found


def _shortened(word: str) -> list[str]:
    return [word, *[word[:n] + word[n + 1 :] for n in range(len(word))]]
