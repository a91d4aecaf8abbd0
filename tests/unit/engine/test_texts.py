import resource
import time
from typing import Any

import pytest

from parley.engine.events import MessageEvent
from parley.engine.liquid import LiquidTemplate
from parley.engine.recorder import Recorder
from parley.engine.scope import Scope
from parley.engine.state import RunState
from parley.engine.texts import Interpolation, TextFailed, TextInvalid, compile_text
from tests.unit.engine.talks import FixedServices


def rendered(source: Any, slots: Any = None, user: Any = None, **variables: Any) -> Any:
    state = RunState("s", slots=slots or {}, vars=variables)
    services = FixedServices(user=user)
    scope = Scope(state, MessageEvent({"type": "text", "text": "hi"}), Recorder(services), "en")
    template = compile_text(source)
    return template if isinstance(template, str) else template.render(scope)


def test_a_text_without_markup_is_itself() -> None:
    for source in ("Hello", "50 % } { of {them", "", "{ { no } }", "100%}"):
        assert compile_text(source) is source


def test_a_path_goes_the_short_way_and_all_else_by_liquid() -> None:
    assert isinstance(compile_text("a {{ slots.x }} b {{vars.y.z}}"), Interpolation)
    for source in ("{{ slots.x | upcase }}", "{% if true %}{% endif %}", "{{ vars.list.size }}"):
        assert isinstance(compile_text(source), LiquidTemplate)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[{{ slots.missing }}]", "[]"),
        ("{{ vars.n }} {{ vars.f }} {{ vars.t }} {{ vars.nothing }}", "3 1.5 true "),
        ("{{ vars.l }}", "1ab"),
        ("{{ vars.o }}", '{"k": "é"}'),
        ("{{ vars.l | join: ', ' }}", "1, a, b"),
        ("{{ vars.l.size }} {{ vars.l.first }} {{ vars.l[1] }}", "3 1 a"),
        ("{% for x in vars.l %}<{{ x }}>{% endfor %}", "<1><a><b>"),
        ("{{ user.first_name | default: 'there' }}", "there"),
        ("{% if vars.n > 2 %}many{% else %}few{% endif %}", "many"),
        ("{{ '4111111111111111' | mask }}", "••••••••••••1111"),
        ("{{ 'abc' | mask }}", "••c"),
        ("{{ input.text | upcase }}", "HI"),
        ("{{ intent.name }}{{ integration.data.x }}", ""),
        ("{{ 'a b' | url_encode }}", "a%20b"),
        ("{{ vars.missing | append: 'x' }}", "x"),
        ("{{ 10 | divided_by: 4 }} {{ 3 | times: 2.5 }} {{ 2.345 | round: 2 }}", "2 7.5 2.35"),
    ],
)
def test_a_text_shows_values_as_people_write_them(source: Any, expected: Any) -> None:
    known = {"n": 3, "f": 1.5, "t": True, "nothing": None, "l": [1, "a", "b"], "o": {"k": "é"}}
    assert rendered(source, **known) == expected


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("de", "{{ vars.day | date: 'long' }}", "1. Februar 2026"),
        ("en", "{{ vars.day | date }}", "Feb 1, 2026"),
        ("en", "{{ vars.day | date: '%d/%m/%Y' }}", "01/02/2026"),
        ("en", "{{ vars.day | date: '%-d.%-m.' }}", "1.2."),
        ("de", "{{ now | time }}", "13:00"),
        ("de", "{{ now | datetime: 'short' }}", "31.01.26, 13:00"),
        ("de", "{{ 1234.5 | number }}", "1.234,5"),
        ("de", "{{ 1234.5 | currency: 'EUR' }}", "1.234,50\xa0€"),
        ("ja", "{{ 1234 | currency: 'JPY' }}", "￥1,234"),
    ],
)
def test_times_and_numbers_are_written_as_in_the_language_and_time_zone(
    language: Any, source: Any, expected: Any
) -> None:
    user = {"language": language, "time_zone": "Europe/Berlin"}
    assert rendered(source, user=user, day="2026-02-01") == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ slots.x",
        "{% if %}",
        "{% include 'x' %}",
        "{% render 'x' %}",
        "{% unknown %}",
        "{{ x | nosuchfilter }}",
        "{% for %}{% endfor %}",
        "{% if a %}" * 25 + "{% endif %}" * 25,
        "{{ " + "a[" * 1_500 + "0" + "]" * 1_500 + " }}",
        "{{ vars.x | escapejs }}",
    ],
)
def test_a_text_that_is_wrong_is_refused_when_it_is_compiled(source: Any) -> None:
    with pytest.raises(TextInvalid):
        compile_text(source)


MANY, END = "{% for i in (1..40) %}", "{% endfor %}"
GROWING = [
    "{% for a in (1..90000) %}{% for b in (1..90000) %}x{% endfor %}{% endfor %}",
    "{% for a in (1..1000) %}{% for b in (1..1000) %}{% assign x = a %}{% endfor %}{% endfor %}",
    "{% assign s = 'aaaaaaaaaa' %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}",
    "{% assign s = 'aaaaaaaaaa' %}" + MANY + "{% assign s = s | replace: 'a', s %}" + END,
    "{% assign s = 'ab' %}{% for i in (1..40) %}{% assign s = s | prepend: s %}{% endfor %}",
    "{% assign n = 9 %}{% for i in (1..40) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
    "{% assign l = 'a,b,c' | split: ',' %}" + MANY + "{% assign l = l | concat: l %}" + END,
    "{% assign s = 'xy' %}{% assign l = 'a,b,c' | split: ',' %}"
    + MANY
    + "{% assign s = l | join: s %}"
    + END,
    "{{ (1..999999999) | join: ',' }}",
    "{{ (1..999999999) | sort }}",
    "{{ 5 | round: 999999999 }}",
    "{{ 5 | round: -999999999 }}",
    "{{ '" + "x" * 4_000 + "' | replace: '', '" + "y" * 900 + "' }}",
    "{% capture c %}" + "x" * 900 + "{% endcapture %}{% for i in (1..900) %}{{ c }}{% endfor %}",
    "{{ now | date: '%999999999Y' }}",
    "{% for i in (1..1000) %}" + "{{vars.z}}" * 450 + "{% endfor %}",
]


@pytest.mark.parametrize("source", GROWING)
def test_a_text_that_would_grow_or_run_without_end_fails_at_once_with_memory_flat(
    source: Any,
) -> None:
    rendered("{{ 'warm' | upcase }}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(TextFailed):
        rendered(source)
    assert time.process_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_the_short_way_is_bounded_too() -> None:
    with pytest.raises(TextFailed):
        rendered("{{ slots.x }}" * 3, slots={"x": "é" * 5_000})


@pytest.mark.parametrize(
    "words",
    [
        "{{ 7 | times: 7 }}",
        "{% for i in (1..9) %}x{% endfor %}",
        "${7*7}",
        "{{ user }}",
        "<b>&amp;",
    ],
)
def test_what_a_person_writes_is_never_a_template(words: Any) -> None:
    assert rendered("{{ slots.x }}", slots={"x": words}) == words
    assert rendered("{{ slots.x | append: '' }}", slots={"x": words}) == words
    assert rendered("{% if true %}{{ slots.x }}{% endif %}", slots={"x": words}) == words


@pytest.mark.parametrize(
    "source",
    [
        "{{ vars.x.__class__ }}",
        "{{ slots.__init__.__globals__ }}",
        "{{ user['__class__'] }}",
        "{{ now.__class__.__mro__ }}",
        "{{ vars.x | map: '__class__' }}",
        "{{ today }}",
        "{{ 'now' | date }}",
    ],
)
def test_a_text_reaches_no_attribute_and_no_clock(source: Any) -> None:
    try:
        shown = rendered(source, x=["a"])
    except TextFailed:
        return
    assert shown == ""


@pytest.mark.parametrize(
    ("user", "said"),
    [({"first_name": "Ada"}, "Hi Ada!"), ({}, "Hi you!"), ({"first_name": False}, "Hi you!")],
)
def test_words_that_hang_on_a_path_need_no_liquid(user: dict[str, Any], said: str) -> None:
    greeting = "Hi {% if user.first_name %}{{ user.first_name }}{% else %}you{% endif %}!"

    assert isinstance(compile_text(greeting), Interpolation)
    assert rendered(greeting, user=user) == said


@pytest.mark.parametrize(
    "source",
    [
        "{% if user.a %} {% endif %}",
        "{% if user.a %}{% if user.b %}c{% endif %}{% endif %}",
        "{% if user.a == 1 %}b{% endif %}",
        "{%- if user.a %}b{% endif %}",
        "{% if user.a %}b{% else %}c{% else %}d{% endif %}",
        "{% if user.size %}b{% endif %}",
    ],
)
def test_whatever_is_more_than_that_is_liquids(source: str) -> None:
    try:
        assert isinstance(compile_text(source), LiquidTemplate)
    except TextInvalid:
        assert source.count("else") > 1
