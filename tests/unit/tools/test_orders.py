"""The example's shop answers by an order's number alone."""

import pytest

from tools.local.serve_orders import look_up


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("AB123456", "shipped"),
        ("AB123450", "packing"),
        ("AB123459", "delivered"),
        ("ZZ123456", None),
        ("ab123456", None),
    ],
)
def test_an_order_has_the_status_its_number_says(number: str, status: str | None) -> None:
    order = look_up(number)

    assert (order or {"status": None})["status"] == status
