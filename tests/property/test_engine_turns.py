"""Whatever a flow is and whatever comes in: turns end, states survive, replays agree."""

from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.formats import load_flow
from tests.property.examples import for_examples, hold
from tests.property.flows.census import Census
from tests.property.flows.documents import FLOW_BYTES, flow_of
from tests.property.flows.families import OWN, PAIRS, Family, Pair, pair, runnable
from tests.property.flows.laws import keeps_the_laws
from tests.property.flows.talks import TALK_BYTES, Talk
from tests.unit.engine.talks import program

EXAMPLE = load_flow(
    (Path(__file__).parents[2] / "examples" / "flows" / "order_status.yaml").read_text()
)


FLOWS = st.binary(min_size=FLOW_BYTES, max_size=FLOW_BYTES).map(lambda source: flow_of(source, OWN))
BESIDE = st.integers(0, PAIRS - 1).map(pair)
TALKS = st.binary(min_size=TALK_BYTES, max_size=TALK_BYTES).map(Talk)

LEAST_SOUND, MOST_SOUND = 0.6, 0.9
"""Of the random flows those that pass the check: most, and enough of the others."""


@for_examples
def test_any_flow_keeps_the_laws_and_one_that_passes_the_check_runs_well(how: settings) -> None:
    census = Census()

    def law(flow: JsonObject, beside: Pair, talk: Talk, another: Talk) -> None:
        passes = not has_errors(check_flow(flow, beside.around))
        census.count_flow(passes=passes)
        own = runnable(flow)
        assert own is not None or not passes
        if own is None:
            return
        family, drawn = Family(own, beside.programs), {**beside.documents, OWN.name: flow}
        for one in (talk, another):
            census.count(drawn, keeps_the_laws(family, one, passes=passes and beside.passes))

    hold(how, law, flow=FLOWS, beside=BESIDE, talk=TALKS, another=TALKS)
    assert census.missing() == []
    assert LEAST_SOUND < census.share("a flow that passes") < MOST_SOUND


@for_examples
def test_the_reference_flow_keeps_the_laws(how: settings) -> None:
    reference = Family(program(EXAMPLE))

    def law(talk: Talk) -> None:
        keeps_the_laws(reference, talk, passes=True)

    hold(how, law, talk=TALKS)
