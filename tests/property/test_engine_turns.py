"""Whatever a flow is and whatever comes in: turns end, states survive, replays agree."""

from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.formats import load_flow
from tests.property.examples import for_examples, hold
from tests.property.flows.called import CALLS, documents, surroundings
from tests.property.flows.census import Census
from tests.property.flows.documents import FLOW_BYTES, flow_of
from tests.property.flows.laws import keeps_the_laws, runnable
from tests.property.flows.talks import TALK_BYTES, Talk
from tests.unit.engine.talks import program

EXAMPLE = load_flow(
    (Path(__file__).parents[2] / "examples" / "flows" / "order_status.yaml").read_text()
)


def calling(source: bytes) -> JsonObject:
    """A random flow that may call others."""
    return flow_of(source, CALLS)


FLOWS = st.binary(min_size=FLOW_BYTES, max_size=FLOW_BYTES).map(calling)
TALKS = st.binary(min_size=TALK_BYTES, max_size=TALK_BYTES).map(Talk)

LEAST_SOUND, MOST_SOUND = 0.6, 0.9
"""Of the random flows those that pass the check: most, and enough of the others."""


@for_examples
def test_any_flow_keeps_the_laws_and_one_that_passes_the_check_runs_well(how: settings) -> None:
    census = Census()

    def law(flow: JsonObject, talk: Talk, another: Talk) -> None:
        passes = not has_errors(check_flow(flow, surroundings()))
        census.count_flow(passes=passes)
        compiled = runnable(flow)
        assert compiled is not None or not passes
        if compiled is not None:
            for one in (talk, another):
                census.count(flow, keeps_the_laws(compiled, one, passes=passes))

    hold(how, law, flow=FLOWS, talk=TALKS, another=TALKS)
    assert census.missing() == []
    assert LEAST_SOUND < census.share("a flow that passes") < MOST_SOUND


def test_the_flows_that_are_called_pass_the_check() -> None:
    for flow in documents().values():
        assert not has_errors(check_flow(flow, surroundings()))


@for_examples
def test_the_reference_flow_keeps_the_laws(how: settings) -> None:
    reference = program(EXAMPLE)

    def law(talk: Talk) -> None:
        keeps_the_laws(reference, talk, passes=True)

    hold(how, law, talk=TALKS)
