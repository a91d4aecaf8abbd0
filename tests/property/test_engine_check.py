"""The check never crashes, works no longer than it may, and points at what there is."""

from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from parley.domain.flows import Diagnostic
from parley.domain.json import Json, JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.checks.surroundings import Surroundings
from parley.engine.formats import load_flow
from tests.property.examples import for_examples, hold
from tests.property.flows.breakage import BREAK_BYTES, broken
from tests.property.flows.documents import FLOW_BYTES, flow_of
from tests.property.flows.families import Family, runnable
from tests.property.flows.laws import keeps_the_laws
from tests.property.flows.talks import TALK_BYTES, Talk
from tests.property.work import bounded_work

EXAMPLES = [
    load_flow(path.read_text())
    for path in sorted((Path(__file__).parents[2] / "examples" / "flows").glob("*.yaml"))
    if ".test." not in path.name
]
BASES = st.sampled_from(EXAMPLES) | st.binary(min_size=FLOW_BYTES, max_size=FLOW_BYTES).map(flow_of)
BREAKS = st.binary(min_size=BREAK_BYTES, max_size=BREAK_BYTES)
TALKS = st.binary(min_size=TALK_BYTES, max_size=TALK_BYTES).map(Talk)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
UNKNOWN = Surroundings()
ALONE = Surroundings(flows={})
"""There is no other flow to be called."""
SMALL = """\
schema: parley/1
name: "small" # a flow
initial_state: a
variables: {v: &v [0x1F, 'two', ~, -1.5e3]}
states:
  - name: a
    type: end
    description: |
      The end
"""


def checked(source: Any, around: Surroundings = UNKNOWN) -> list[Diagnostic]:
    with bounded_work():
        found = check_flow(source, around)
    for diagnostic in found:
        assert diagnostic.code
        assert diagnostic.message
        assert isinstance(source, str) or exists(source, diagnostic.pointer), diagnostic
        assert not isinstance(source, str) or (diagnostic.line and diagnostic.column), diagnostic
    return found


def exists(document: Json, pointer: str) -> bool:
    """Whether there is such a place (RFC 6901)."""
    here = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        match here:
            case dict() if name in here:
                here = here[name]
            case list() if name.isdecimal() and int(name) < len(here):
                here = here[int(name)]
            case _:
                return False
    return True


@for_examples
def test_the_check_takes_any_json(how: settings) -> None:
    def law(value: Json) -> None:
        assert has_errors(checked(value))

    hold(how, law, value=JSON)


@for_examples
def test_the_check_takes_any_broken_flow_and_what_passes_runs(how: settings) -> None:
    passed = [0]

    def law(base: JsonObject, breaks: bytes, talk: Talk) -> None:
        flow = broken(base, breaks)
        if not has_errors(checked(flow, ALONE)):
            passed[0] += 1
            program = runnable(flow)
            assert program is not None
            keeps_the_laws(Family(program), talk, passes=True)

    hold(how, law, base=BASES, breaks=BREAKS, talk=TALKS)
    assert how.max_examples * 0.05 < passed[0] < how.max_examples * 0.9


@for_examples
def test_the_check_takes_any_text(how: settings) -> None:
    def law(text: str) -> None:
        assert has_errors(checked(text))

    alphabet = st.characters() | st.sampled_from("{}[]:,-&*!|>'\"#%@`\n ?")
    hold(how, law, text=st.text(alphabet=alphabet, max_size=60))


@for_examples
def test_the_check_takes_any_text_that_was_a_flow(how: settings) -> None:
    assert checked(SMALL) == []

    def law(cut: int, end: int, said: str) -> None:
        checked(SMALL[:cut] + said + SMALL[end:])

    place = st.integers(0, len(SMALL))
    said = st.text(max_size=4) | st.sampled_from(["\t", "&a ", "*a", "? ", "[", "{", "!!int ", "|"])
    hold(how, law, cut=place, end=place, said=said)
