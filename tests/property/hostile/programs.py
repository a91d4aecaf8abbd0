"""What is tried with each hostile flow; a try that does not end as it should fails by itself."""

from collections.abc import Callable
from functools import partial
from typing import Any

from parley.engine.check import check_flow, has_errors
from parley.engine.events import MessageEvent, StartEvent
from parley.engine.turn import run_turn
from tests.property.hostile.flows import FAILING, REDOS, REFUSED, asking, guarded, saying, shaped
from tests.unit.engine.talks import FixedServices, Talk, a_flow, program, says, to

type Try = Callable[[], None]


def nothing() -> None:
    """What a process costs by itself."""


def warm_up() -> None:
    """Loads what the first flow of a process loads."""
    for text in ("{{ 'warm' | upcase }}", "{{ vars.v"):
        check_flow(saying(text))
    check_flow("a: [1")
    Talk(guarded("vars.v == 1")).say("warm")
    Talk(asking("^warm$")).say("warm")


def is_refused(flow: Any) -> None:
    assert has_errors(check_flow(flow))


def fails_as_a_step(flow: Any) -> None:
    """The text fails, and the turn and the conversation go on."""
    assert not has_errors(check_flow(flow))
    compiled = program(flow)
    turn = run_turn(compiled, None, StartEvent(), FixedServices())
    assert turn.trace["errors"]
    assert turn.state.status.is_open
    said = MessageEvent({"type": "text", "text": "still there?"})
    assert run_turn(compiled, turn.state, said, FixedServices()).state.current_state == "hello"


def does_not_match(pattern: str, text: str) -> None:
    flow = asking(pattern)
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    talk.say(text)
    assert (talk.at, talk.state.slots) == ("ask", {})


def does_not_match_in_an_expression(pattern: str, text: str) -> None:
    flow = guarded(f"input.text.matches('{pattern}')")
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    talk.say(text)
    assert talk.at == "bye"
    assert talk.errors == []


def gives_nothing_away(text: str) -> None:
    flow = saying(text)
    flow["variables"] = {"v": {"a": 1}}
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    assert talk.errors == []
    assert talk.said == ["."]


def is_found(flow: Any, code: str) -> None:
    assert code in {finding.code for finding in check_flow(flow)}


def is_not_found(flow: Any, code: str) -> None:
    assert code not in {finding.code for finding in check_flow(flow)}


def _laborious(templates: Any) -> Any:
    """A search for counter-examples would render these again and again."""
    config = {"response_templates": templates}
    hello = says("hello", None, to("hello"), to("stuck", "any_input", priority=500), config=config)
    stuck = says("stuck", None, to("hello", "expression", expression="vars.v == 1"))
    return a_flow(hello, stuck, variables={"v": None})


def _ring_of_slots(count: int = 300) -> Any:
    asks = [
        {
            "name": f"s{n}",
            "type": "slot_filling",
            "config": {"required_slots": [f"a{n}"]},
            "transitions": [to(f"s{(n * 7 + k) % count}", "all_slots_filled") for k in (1, 2, 3)],
            "entry_actions": [{"type": "clear_slot", "config": {"key": f"a{n % 9}"}}],
        }
        for n in range(count)
    ]
    return a_flow(*asks, slots={f"a{n}": {"type": "integer"} for n in range(count)})


_CIRCLES: dict[str, Callable[[int], list[int]]] = {
    "a ring": lambda n: [n + 1],
    "a braid": lambda n: [n + 1, n + 2, n + 3],
    "pairs": lambda n: [n ^ 1],
    "ways home": lambda n: [n + 1, 0],
    "a tangle": lambda n: [n * 7 + 1, n * 11 + 5],
}
_LOOPS = "{% for a in (1..31) %}{% for b in (1..31) %}{{ vars.v }}{% endfor %}{% endfor %}"
_DUNDERS = "{{ vars.v.__class__.__mro__ }}{{ input.__init__.__globals__ }}{{ user._secret }}."
_SEARCHED = {
    **{name: flow["states"][0]["config"]["response_templates"] for name, flow in FAILING.items()},
    "long loops": {"en": _LOOPS},
}

TRIES: dict[str, Try] = {
    **{name: partial(is_refused, flow) for name, flow in REFUSED.items()},
    **{name: partial(fails_as_a_step, flow) for name, flow in FAILING.items()},
    **{f"{name} in a slot": partial(does_not_match, *redos) for name, redos in REDOS.items()},
    "nested plus in an expression": partial(
        does_not_match_in_an_expression, "^(a+)+$", "a" * 10_000 + "!"
    ),
    "dunders that mean nothing": partial(gives_nothing_away, _DUNDERS),
    **{
        f"{name} of 800 states": partial(is_found, shaped(ways), "flow.cycle")
        for name, ways in _CIRCLES.items()
    },
    "a chain of 800 states": partial(
        is_not_found, shaped(lambda n: [n + 1] if n < 799 else []), "flow.cycle"
    ),
    **{
        f"a search with {name}": partial(is_found, _laborious(said), "state.dead_end")
        for name, said in _SEARCHED.items()
    },
    "300 slots filled all along a ring": partial(is_found, _ring_of_slots(), "flow.cycle"),
}
"""By name all that is tried."""
