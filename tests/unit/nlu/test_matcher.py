import time
from typing import Any

import pytest

from parley.nlu.matcher import KEYWORD_CONFIDENCE, IntentMatcher

INTENTS = {
    "order_status": {
        "examples": ["where is my order", "track my parcel", "when will my package arrive"],
        "keywords": ["tracking"],
    },
    "refund": {"examples": ["I want my money back", "refund my order", "return this item"]},
    "greeting": {"examples": {"en": ["hello", "good morning"], "de": ["guten Tag", "grüß Gott"]}},
    "shipping_ja": {"examples": ["荷物はどこですか", "配送状況を知りたい"]},
    "thanks_th": {"examples": ["ขอบคุณมาก"]},
}
MATCHER = IntentMatcher.train(INTENTS)


def best(text: str, among: Any = ()) -> Any:
    scores = MATCHER.classify(text, among)
    return (scores[0].name, scores[0].confidence) if scores else None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Where is my order?", "order_status"),
        ("  TRACK   my parcel!! ", "order_status"),
        ("Grüß Gott", "greeting"),
        ("gruss gott", "greeting"),
        ("荷物はどこですか", "shipping_ja"),
    ],
)
def test_an_example_is_certain_whatever_its_case_spaces_marks_and_points(
    text: Any, intent: Any
) -> None:
    assert best(text) == (intent, 1.0)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("where's my order please", "order_status"),
        ("were is my oder", "order_status"),
        ("trak my parcle", "order_status"),
        ("I want a refund for my order", "refund"),
        ("荷物はどこ", "shipping_ja"),
        ("配送状況", "shipping_ja"),
    ],
)
def test_what_is_like_an_example_is_found_and_never_certain(text: Any, intent: Any) -> None:
    name, confidence = best(text)
    assert name == intent
    assert 0.5 < confidence < 1


def test_what_is_like_nothing_has_no_intent() -> None:
    for text in ("", "   ", "xyzzy plugh", "?!", "🙂"):
        assert best(text) is None


def test_a_keyword_is_nearly_certain() -> None:
    assert best("some tracking thing") == ("order_status", KEYWORD_CONFIDENCE)
    extra = IntentMatcher.train(INTENTS, {"Geld zurück": "refund"})
    assert extra.classify("ich will mein geld zurück")[0].name == "refund"


def test_only_the_intents_asked_for_compete() -> None:
    assert best("where is my order", ["refund", "greeting"])[0] == "refund"
    assert best("hello", ["refund"]) is None


def test_scores_are_in_order_and_the_same_every_time() -> None:
    scores = MATCHER.classify("refund my parcel order")
    assert [s.confidence for s in scores] == sorted((s.confidence for s in scores), reverse=True)
    assert scores == IntentMatcher.train(INTENTS).classify("refund my parcel order")


def test_no_intents_at_all_and_intents_without_examples_do_no_harm() -> None:
    assert IntentMatcher.train({}).classify("hello") == []
    assert IntentMatcher.train({"a": {}}).classify("hello") == []


def test_a_text_of_any_length_is_matched_in_no_time() -> None:
    texts = ["where is my parcel now", "a" * 100_000, "word " * 20_000, "荷" * 50_000]
    for text in texts:
        began = time.process_time()
        MATCHER.classify(text)
        assert time.process_time() - began < 0.1
