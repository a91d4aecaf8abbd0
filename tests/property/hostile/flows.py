"""Hostile flows, as data: what somebody might publish to escape, to hang or to fill the memory."""

from collections.abc import Callable
from typing import Any

from tests.unit.engine.talks import a_flow, at_once, says, state, to


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


"""The CEL program of 20^5 steps, were its macros not left out."""
_DOUBLING = "{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 25 + "{{ s }}"
_TWENTY = str(list(range(20)))
TWENTIES = f"{_TWENTY}.map(a, " * 4 + f"{_TWENTY}.map(a, a)" + ")" * 4
"""The CEL program of 20^5 steps, were its macros not left out."""
_DOUBLING = "{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 25 + "{{ s }}"
TWENTIES = (
    "[" + ", ".join(str(n) for n in range(20)) + "]"
    ".map(a, [1].map(b, [1].map(c, [1].map(d, [1].map(e, a + b + c + d + e)))))"
)
_REPLACING = "{% assign s = 'aaaa' %}" + "{% assign s = s | replace: 'a', s %}" * 9 + "{{ s }}"
_LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)

REFUSED = {
    "an expression of 10,000 characters": guarded("vars.v == '" + "x" * 10_000 + "'"),
    "5,000 parentheses": guarded("(" * 5_000 + "true" + ")" * 5_000),
    "400 parentheses": guarded("(" * 400 + "true" + ")" * 400),
    "nested map": guarded("[1,2].map(a, [1,2].map(b, [1,2].map(c, a + b + c))).size() > 0"),
    "20 to the power of 5 by map": guarded(TWENTIES + ".size() > 0"),
    "nested all": guarded("[1,2].all(a, [1,2].all(b, a < b))"),
    "a dunder in an expression": guarded("vars.__class__.__base__ == 1"),
    "a program in a text": saying("{{ ''.__class__.__mro__ }}"),
    "a module's globals in a text": saying("{{ vars.__init__.__globals__ }}{{ secret }}"),
    "format in a text": saying("{{ '{0.__class__}' | format: input }}"),
    "attr in a text": saying("{{ '%s' | attr: 'format' }}"),
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
    "200,000 brackets": "[" * 200_000,
    "200,000 brackets in JSON": '{"a": ' + "[" * 200_000,
    "1,000 levels by indenting": "\n".join(" " * n + "a:" for n in range(700)),
    "100,000 dashes": "- " * 100_000,
    "a billion laughs": _LAUGHS,
    "200 KB of commas": "a: [" + "1," * 100_000 + "1]",
    "200 KB of colons": "a: " + ": " * 100_000,
    "200 KB of quotes": "a: " + "'" * 200_000,
    "200 KB of ampersands": "&a " * 60_000,
    "200 KB of tabs": "a:\n" + "\t" * 200_000,
    "an integer of 100,000 digits": "a: " + "1" * 100_000,
    "an integer of 100,000 digits in JSON": '{"a": ' + "1" * 100_000 + "}",
}
"""Errors of the check."""

FAILING = {
    "a text that doubles 25 times": saying(_DOUBLING),
    "a text that replaces by itself": saying(_REPLACING),
    "loops of 9,000 by 9,000": saying(
        "{% for a in (1..9000) %}{% for b in (1..9000) %}x{% endfor %}{% endfor %}"
    ),
    "loops of 90,000 by 90,000": saying(
        "{% for a in (1..90000) %}{% for b in (1..90000) %}x{% endfor %}{% endfor %}"
    ),
    "a capture that doubles": saying(
        "{% assign s = 'aaaaaaaaaa' %}" + "{% capture s %}{{ s }}{{ s }}{% endcapture %}" * 25
    ),
    "a range of a billion": saying("{% for a in (1..1000000000) %}x{% endfor %}"),
}
"""Texts that pass the check and fail in a turn, which goes on."""

REDOS = {
    "nested plus": ("^(a+)+$", "a" * 10_000 + "!"),
    "alternatives": ("^(a|a)*$", "a" * 10_000 + "!"),
    "overlapping": ("^(a|aa)+$", "a" * 10_000 + "!"),
    "e-mail": ("^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@)$", "a" * 10_000 + "!"),
    "spaces": ("^(\\s*\\S*)*;$", "x " * 5_000),
    "dots": (".*.*.*.*.*=.*", "x" * 10_000),
}
"""Patterns of slots that hang other engines, and what a customer writes."""


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
