"""How many examples a law is held against: the one place for the numbers."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

SHORT = settings(
    max_examples=2_000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
"""In `make test`: the same examples every time, until the law or what it draws from changes."""
LONG = settings(SHORT, max_examples=20_000, derandomize=False, print_blob=True)
"""In `make sweep`: others every time; the blob that is printed brings a failure back."""

_SHOWN = pytest.mark.filterwarnings("ignore:Generating overly large repr")
"""A flow that breaks a law is shown, however long it is."""
for_examples = pytest.mark.parametrize(
    "how",
    [
        pytest.param(SHORT, id="2,000", marks=[_SHOWN, pytest.mark.timeout(900)]),
        pytest.param(
            LONG, id="20,000", marks=[_SHOWN, pytest.mark.sweep, pytest.mark.timeout(7_200)]
        ),
    ],
)
"""Runs a test of `how` many examples in both forms."""


def hold(how: settings, law: Callable[..., None], **drawn: SearchStrategy[Any]) -> None:
    """Holds the law against examples whose parts are `drawn`."""
    how(given(**drawn)(law))()
