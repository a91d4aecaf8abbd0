"""What the code says of time is what the template does."""

from parley.runtime.queue import MIN_TIME_LEFT_MS, RESERVE_MS
from parley.services.conversations import STARTING_TAKES
from parley.services.journal import BEGUN_WITHIN, VISIBILITY
from tests.deployment.stack import functions, queues, timeout_s


def test_a_dead_workers_record_comes_back_when_its_turn_is_known_to_be_dead() -> None:
    assert queues()["Inbound"]["VisibilityTimeout"] == VISIBILITY.total_seconds()
    assert timeout_s(functions()["TakeTurn"]) == BEGUN_WITHIN.total_seconds()


def test_a_turn_has_time_for_a_slow_call_and_its_commit() -> None:
    timeout_ms = timeout_s(functions()["TakeTurn"]) * 1_000

    assert 10_000 + RESERVE_MS <= MIN_TIME_LEFT_MS < timeout_ms


def test_a_start_is_answered_before_its_function_ends() -> None:
    left_s = timeout_s(functions()["StartConversation"]) - STARTING_TAKES.total_seconds()

    assert left_s * 1_000 >= RESERVE_MS
