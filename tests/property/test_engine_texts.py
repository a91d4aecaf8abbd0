"""The short way of texts gives what Liquid gives, and hostile texts end."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from parley.engine.events import MessageEvent
from parley.engine.liquid import LiquidTemplate
from parley.engine.recorder import Recorder
from parley.engine.scope import Scope
from parley.engine.state import RunState
from parley.engine.texts import (
    MAX_OUTPUT_BYTES,
    Choice,
    Interpolation,
    TextFailed,
    TextInvalid,
    compile_text,
)
from tests.property.examples import for_examples, hold
from tests.property.work import bounded_work
from tests.unit.engine.talks import FixedServices

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "z", "true", "nil"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_PATHS = st.lists(
    st.sampled_from(["x", "y", "z", "true", "nil", "empty", "contains", "and"]), max_size=3
).map(lambda names: ".".join(["vars", *names]))
_GAPS = st.sampled_from(["", " "])
_PLAIN = st.one_of(
    st.text(alphabet="ab {}%\n-", max_size=6),
    st.builds("{{{{{}{}{}}}}}".format, _GAPS, _PATHS, _GAPS),
)
_WORDS = st.lists(_PLAIN, max_size=2).map("".join)
_CHOICES = st.one_of(
    st.builds("{{%{}if {} %}}{}{{% endif %}}".format, _GAPS, _PATHS, _WORDS),
    st.builds("{{% if {} %}}{}{{%else%}}{}{{% endif %}}".format, _PATHS, _WORDS, _WORDS),
    st.sampled_from(["{% if vars.x %}", "{% else %}", "{% endif %}"]),
)
_PIECES = st.one_of(_PLAIN, _PLAIN, _CHOICES)


def _scope(variables: dict[str, Any]) -> Scope:
    state = RunState("s", vars=variables)
    return Scope(state, MessageEvent({"text": "hi"}), Recorder(FixedServices()), "en")


@for_examples
def test_the_short_way_gives_what_liquid_gives(how: settings) -> None:
    compared, choices = [0], [0]

    def law(pieces: list[str], variables: dict[str, Any]) -> None:
        source = "".join(pieces)
        try:
            template = compile_text(source)
        except TextInvalid:
            return
        if isinstance(template, Interpolation):
            choices[0] += any(isinstance(step, Choice) for step in template.steps)
            liquid = LiquidTemplate.parse(source, is_endpoint=False)
            assert template.render(_scope(variables)) == liquid.render(_scope(variables))
            compared[0] += 1
        elif isinstance(template, str):
            assert LiquidTemplate.parse(source, is_endpoint=False).render(_scope({})) == template

    hold(
        how,
        law,
        pieces=st.lists(_PIECES, min_size=1, max_size=5),
        variables=st.dictionaries(st.sampled_from(["x", "y", "z", "true"]), _VALUES, max_size=4),
    )
    assert compared[0] > how.max_examples / 10
    assert choices[0] > how.max_examples / 20


_FRAGMENTS = st.sampled_from(
    [
        "{% for i in (1..1000) %}",
        "{% for i in vars.x %}",
        "{% endfor %}",
        "{% assign s = s | append: s %}",
        "{% assign s = s | replace: 'a', s %}",
        "{{ s | split: '' | join: s }}",
        "{{ s }}",
        "{% if s %}",
        "{% endif %}",
        "{{ vars.x | times: 99999 | round: 9 }}",
        "{% capture s %}",
        "{% endcapture %}",
        "{% assign s = 'aaaaaaaaaaaaaaaa' %}",
        "{{ s | date: s }}",
        "{{ vars.y | number }}",
        "a" * 200,
    ]
)


@for_examples
def test_a_hostile_text_is_refused_or_ends(how: settings) -> None:
    """Its work is counted, not timed: what a slow machine takes says nothing."""

    def law(fragments: list[str]) -> None:
        with bounded_work():
            try:
                template = compile_text("".join(fragments))
                if not isinstance(template, str):
                    said = template.render(_scope({"x": [1, 2, 3], "y": 5}))
                    assert len(said.encode()) <= MAX_OUTPUT_BYTES
            except (TextInvalid, TextFailed):
                pass

    hold(how, law, fragments=st.lists(_FRAGMENTS, max_size=24))
