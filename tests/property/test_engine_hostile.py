"""Hostile flows: refused by the check, or a failed step of a turn; at once, and memory flat."""

import resource
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from parley.engine.check import check_flow, has_errors
from parley.engine.events import MessageEvent, StartEvent
from parley.engine.turn import run_turn
from tests.unit.engine.talks import FixedServices, a_flow, at_once, program, says, state, to

SECONDS = 1.0
MEGABYTES = 64


TRIES = 3


def within_bounds[Result](work: Callable[[], Result]) -> Result:
    """Its result; fails if it took a second of the processor or made the process much larger.

    A processor that others heat up may need a second try: what is slow by itself is slow each time.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = SECONDS
    for _ in range(TRIES):
        began = time.process_time()
        result = work()
        spent = time.process_time() - began
        if spent < SECONDS:
            break
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert spent < SECONDS, f"{spent:.2f} s"
    assert grown < MEGABYTES, f"{grown:.0f} MB"
    return result


def saying(text: str) -> Any:
    return a_flow(says("hello", text, to("hello")))


def guarded(expression: str) -> Any:
    return a_flow(
        says("hello", "Hi", to("hello", expression=expression), to("bye")),
        says("bye", "Bye"),
        variables={"v": None},
    )


def asking(pattern: str) -> Any:
    return a_flow(
        state(
            "ask", "slot_filling", to("bye", "all_slots_filled"), config={"required_slots": ["x"]}
        ),
        says("bye", "{{ slots.x }}"),
        slots={"x": {"type": "string", "pattern": pattern}},
    )


def mapped(path: str) -> Any:
    call = {"integration_id": "x", "response_mapping": {"v": path}}
    ways = [to("bye", "integration_success"), to("bye", "integration_error")]
    return a_flow(state("call", "integration", *ways, config=call), says("bye", "{{ vars.v }}"))


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


DOUBLING = "{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 25 + "{{ s }}"
REPLACING = "{% assign s = 'aaaa' %}" + "{% assign s = s | replace: 'a', s %}" * 9 + "{{ s }}"
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = {
    "an expression of 10,000 characters": guarded("vars.v == '" + "x" * 10_000 + "'"),
    "5,000 parentheses": guarded("(" * 5_000 + "true" + ")" * 5_000),
    "400 parentheses": guarded("(" * 400 + "true" + ")" * 400),
    "nested map": guarded("[1,2].map(a, [1,2].map(b, [1,2].map(c, a + b + c))).size() > 0"),
    "nested all": guarded("[1,2].all(a, [1,2].all(b, a < b))"),
    "a dunder in an expression": guarded("vars.__class__.__base__ == 1"),
    "a program in a text": saying("{{ ''.__class__.__mro__ }}"),
    "an include": saying("{% include '/etc/passwd' %}"),
    "500 open ifs": saying("{% if true %}" * 300 + "x" + "{% endif %}" * 300),
    "a text of 5,001 characters": saying("x" * 5_001),
    "a text of a megabyte": saying("x" * 1_048_576),
    "a pattern that multiplies": asking("((a{100}){100}){100}"),
    "a backreference": asking("(a+)\\1+$"),
    "a pattern of 501 characters": asking("a" * 501),
    "a mapping that multiplies": mapped("[@,@,@,@]|[@,@,@,@]|[@,@,@,@]|[@,@,@,@]"),
    "a mapping 300 deep": mapped("[" * 300 + "@" + "]" * 300),
    "1,000 levels of lists": {**saying("Hi"), "metadata": nested(1_000)},
    "100,000 levels of lists": {**saying("Hi"), "metadata": nested(100_000)},
    "1,000 levels as YAML": "a: " + "[" * 1_000 + "]" * 1_000,
    "1,000 levels as JSON": '{"a":' * 1_000 + "1" + "}" * 1_000,
    "1,000 levels by indenting": "\n".join(" " * n + "a:" for n in range(700)),
    "100,000 dashes": "- " * 100_000,
    "a billion laughs": LAUGHS,
    "200 KB of commas": "a: [" + "1," * 100_000 + "1]",
    "200 KB of colons": "a: " + ": " * 100_000,
    "200 KB of quotes": "a: " + "'" * 200_000,
    "200 KB of ampersands": "&a " * 60_000,
    "200 KB of tabs": "a:\n" + "\t" * 200_000,
    "an integer of 100,000 digits": "a: " + "1" * 100_000,
    "an integer of 100,000 digits in JSON": '{"a": ' + "1" * 100_000 + "}",
}


@pytest.mark.parametrize("flow", REFUSED.values(), ids=REFUSED)
def test_a_hostile_flow_is_refused_at_once(flow: Any) -> None:
    check_flow(saying("{{ 'warm' | upcase }}"))
    assert has_errors(within_bounds(lambda: check_flow(flow)))


FAILING = {
    "a text that doubles 25 times": saying(DOUBLING),
    "a text that replaces by itself": saying(REPLACING),
    "loops of 9,000 by 9,000": saying(
        "{% for a in (1..9000) %}{% for b in (1..9000) %}x{% endfor %}{% endfor %}"
    ),
    "a range of a billion": saying("{% for a in (1..1000000000) %}x{% endfor %}"),
}


@pytest.mark.parametrize("flow", FAILING.values(), ids=FAILING)
def test_a_hostile_text_is_a_failed_step_of_a_turn_that_goes_on(flow: Any) -> None:
    run_turn(program(saying("{{ 'warm' | upcase }}")), None, StartEvent(), FixedServices())
    within_bounds(lambda: check_flow(flow))
    compiled = program(flow)
    turn = within_bounds(lambda: run_turn(compiled, None, StartEvent(), FixedServices()))
    assert turn.trace["errors"]
    assert turn.state.status.is_open
    said = MessageEvent({"type": "text", "text": "still there?"})
    again = within_bounds(lambda: run_turn(compiled, turn.state, said, FixedServices()))
    assert again.state.current_state == "hello"


REDOS = {
    "nested plus": ("^(a+)+$", "a" * 10_000 + "!"),
    "alternatives": ("^(a|a)*$", "a" * 10_000 + "!"),
    "overlapping": ("^(a|aa)+$", "a" * 10_000 + "!"),
    "e-mail": ("^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@)$", "a" * 10_000 + "!"),
    "spaces": ("^(\\s*\\S*)*;$", "x " * 5_000),
    "dots": (".*.*.*.*.*=.*", "x" * 10_000),
}


@pytest.mark.parametrize(("pattern", "text"), REDOS.values(), ids=REDOS)
def test_a_pattern_cannot_hang_whatever_a_customer_writes(pattern: str, text: str) -> None:
    flow = asking(pattern)
    assert not has_errors(within_bounds(lambda: check_flow(flow)))
    compiled = program(flow)
    asked = run_turn(compiled, None, StartEvent(), FixedServices())
    said = MessageEvent({"type": "text", "text": text})
    turn = within_bounds(lambda: run_turn(compiled, asked.state, said, FixedServices()))
    assert turn.state.current_state == "ask"
    assert turn.state.slots == {}


def shaped(ways: Callable[[int], list[int]], count: int = 800) -> Any:
    """A flow of that many states none of which waits, with those ways between them."""
    every = [
        {
            "name": f"s{n}",
            "type": "response",
            "config": {"response_templates": {"en": "x"}},
            "transitions": [at_once(f"s{target % count}") for target in ways(n)],
        }
        for n in range(count)
    ]
    return {"schema": "parley/1", "name": "x", "initial_state": "s0", "states": every}


@pytest.mark.parametrize(
    "ways",
    [
        lambda n: [n + 1],
        lambda n: [n + 1, n + 2, n + 3],
        lambda n: [n ^ 1],
        lambda n: [n + 1, 0],
        lambda n: [n * 7 + 1, n * 11 + 5],
    ],
    ids=["ring", "braid", "pairs", "home", "tangle"],
)
def test_circles_of_any_shape_are_found_in_time(ways: Callable[[int], list[int]]) -> None:
    check_flow(saying("warm"))
    found = within_bounds(lambda: check_flow(shaped(ways)))
    assert "flow.cycle" in {finding.code for finding in found}


def test_a_search_for_counter_examples_is_bounded_whatever_a_turn_costs() -> None:
    stuck = says("stuck", "Nobody comes here", at_once("hello", "vars.v == 1"))
    loops = "{% for a in (1..31) %}{% for b in (1..31) %}{{ vars.v }}{% endfor %}{% endfor %}"
    for text in (*(flow["states"][0] for flow in FAILING.values()), says("hello", loops)):
        hello = {**text, "transitions": [to("hello"), to("stuck", "any_input", priority=500)]}
        flow = a_flow(hello, stuck, variables={"v": None})
        found = within_bounds(partial(check_flow, flow))
        assert "state.dead_end" in {finding.code for finding in found}


def test_slots_filled_all_along_a_ring_are_followed_in_time() -> None:
    count = 300
    asks = [
        {
            "name": f"s{n}",
            "type": "slot_filling",
            "config": {"required_slots": [f"a{n}"]},
            "transitions": [to(f"s{(n * 7 + k) % count}", "all_slots_filled") for k in (1, 2, 3)],
        }
        for n in range(count)
    ]
    flow = a_flow(*asks, slots={f"a{n}": {"type": "integer"} for n in range(count)})
    assert {d.code for d in within_bounds(lambda: check_flow(flow))} >= {"slot.unread"}


def test_a_chain_of_hundreds_is_no_circle() -> None:
    flow = shaped(lambda n: [n + 1] if n < 799 else [])
    found = within_bounds(lambda: check_flow(flow))
    assert "flow.cycle" not in {finding.code for finding in found}
