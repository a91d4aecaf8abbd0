"""Whatever is broken in an example flow, the check finds it, with its code and its place."""

from pathlib import Path
from typing import Any

import pytest

from parley.engine.check import OUTER_RULES, RULES, check_flow, has_errors
from parley.engine.checks.schema import CODES
from parley.engine.formats import load_flow
from tests.property import flow_mutants_meaning, flow_mutants_names
from tests.property.flow_mutants import OPERATORS, Mutant, Operator

FLOWS = {
    path.stem: load_flow(path.read_text())
    for path in sorted((Path(__file__).parents[2] / "examples/flows").glob("*.yaml"))
    if ".test." not in path.name
}
FAMILIES = (flow_mutants_names, flow_mutants_meaning)
FEW, MANY = 4, 12
"""Mutants of one operator and one flow, in `make test` and in `make sweep`."""
LEAST_OPERATORS, LEAST_MUTANTS = 20, 200


def mutants(operator: Operator, flow: Any, most: int = FEW) -> list[Mutant]:
    """Spread over the sites that there are."""
    made = list(operator(flow))
    return made[:: max(1, -(-len(made) // most))]


@pytest.mark.parametrize("name", FLOWS)
def test_the_originals_have_no_error(name: str) -> None:
    assert not has_errors(check_flow(FLOWS[name]))


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
@pytest.mark.parametrize("most", [FEW, pytest.param(MANY, marks=pytest.mark.sweep)])
def test_every_mutant_is_found_with_its_code_and_place(operator: Operator, most: int) -> None:
    made = [(name, one) for name, flow in FLOWS.items() for one in mutants(operator, flow, most)]
    assert made
    assert operator.__module__ in {family.__name__ for family in FAMILIES}
    missed = [
        (name, one.code, one.pointer)
        for name, one in made
        if (one.code, one.pointer)
        not in {(d.code, d.pointer) for d in check_flow(one.flow, one.around)}
    ]
    assert missed == []


def test_there_are_mutants_enough_and_of_every_code() -> None:
    every = [one for op in OPERATORS for flow in FLOWS.values() for one in mutants(op, flow)]
    assert len(OPERATORS) >= LEAST_OPERATORS
    assert len(every) >= LEAST_MUTANTS
    codes = {rule.code for rule in RULES} | {rule.code for rule in OUTER_RULES}
    codes |= {*CODES.values(), "schema.value", "name.bad", "flow.unreadable"}
    assert codes == {one.code for one in every}
