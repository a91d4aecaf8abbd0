"""What must hold of a conversation, whatever has happened: the invariants I1 to I12."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from pydantic_core import to_json

from parley.domain.conversations import MAX_DOCUMENT_BYTES, MAX_OUTBOX_ITEMS
from parley.domain.history import is_message
from parley.domain.ids import turn_id
from parley.domain.json import JsonObject
from parley.domain.turns import Outcome
from parley.services.arrivals import seed_of
from tests.builders import A_PIN
from tests.property.turns.simulation import Broken, Simulation

_DEAD_AFTER = timedelta(minutes=1)
"""An early answer waits no longer for the turn that made its call."""
_NOTICED = timedelta(seconds=150)
"""A clock that is wrong by less cannot make a live worker look like a dead one."""


def check_now(simulation: Simulation) -> None:
    """What holds in every state: I1, I2, I4, I5, I6, I12; and no call is made twice."""
    ledger = simulation.ledger
    _require("I1", not _repeated(ledger.turns), f"committed twice: {_repeated(ledger.turns)}")
    _require("I4", not ledger.sent_uncommitted, f"sent too early: {ledger.sent_uncommitted}")
    sent = _sent(simulation)
    firsts = list(dict.fromkeys(sent))
    told = set(firsts)
    in_order = [oid for oid in ledger.items if oid in told]
    _require("I5", firsts == in_order, f"sent {firsts}, committed {in_order}")
    _require("I5", firsts == ledger.items[: len(firsts)], "something was passed over")
    again = _sends_again(simulation)
    _require("I6", again <= simulation.faults, f"{again} resends for {simulation.faults} faults")
    calls = _repeated(simulation.shop.keys)
    _require("I6", not calls, f"a call that no author declared idempotent was repeated: {calls}")
    if simulation.conversation_id:
        document = simulation.conversation
        _require("I2", document.turn_no == len(ledger.turns), "a turn is missing or overwritten")
        size = len(to_json([document.state, document.tail, document.journal, document.user]))
        _require("I12", size < MAX_DOCUMENT_BYTES, f"{size} bytes")
        items = len(document.outbox.items)
        _require("I12", items <= MAX_OUTBOX_ITEMS + 10, f"{items} items")


def check_at_rest(simulation: Simulation) -> None:
    """What holds once nothing is left to do: the above and I2, I3, I7, I8."""
    check_now(simulation)
    document = simulation.conversation
    _require("I7", document.pending.is_empty, f"left over: {document.pending}")
    _require("I7", not len(simulation.queue), "the queue is not empty")
    sent = set(_sent(simulation))
    said = {row["id"] for row in simulation.ledger.rows if is_message(row)}
    _require("I7", sent == set(simulation.ledger.items) | said, "something was not sent")
    tenant_id, conversation_id = simulation.tenant_id, document.id
    turns = simulation.history.list_turns(tenant_id, conversation_id, limit=10_000)
    numbers = [row["turn_no"] for row in turns]
    _require("I2", numbers == list(range(1, document.turn_no + 1)), f"turn numbers {numbers}")
    messages = simulation.history.list(tenant_id, conversation_id, limit=10_000)
    counted = [message.sequence_number for message in messages]
    _require("I2", counted == list(range(1, document.message_no + 1)), f"messages {counted}")
    _require_recorded(simulation, Counter(row["pid"] for row in turns))
    _require_order(simulation)
    _require_chain(turns)
    _require_version(simulation, turns)
    _require_run(simulation, turns)
    _require_answers(simulation, turns)
    rows = {row["id"]: row for row in simulation.ledger.rows}
    projected = {row["id"]: row for row in turns} | {
        message.id: rows.get(message.id) for message in messages
    }
    _require("I8", projected == rows, "the projection is not what was committed")


def outcomes(simulation: Simulation) -> Counter[str]:
    """How many turns ended in each way."""
    return Counter(row["outcome"] for row in simulation.ledger.rows if not is_message(row))


def _require_recorded(simulation: Simulation, turns_by_pid: Counter[str]) -> None:
    for pid in simulation.accepted:
        _require("I3", turns_by_pid[pid] == 1, f"{pid} has {turns_by_pid[pid]} turns")
    for name, count in turns_by_pid.items():
        _require("I1", count == 1, f"{name} has {count} turns")


def _require_run(simulation: Simulation, turns: Sequence[JsonObject]) -> None:
    """Put aside is only what a worker died of: a cut connection is no reason."""
    quarantined = {row["pid"] for row in turns if row["outcome"] == Outcome.QUARANTINED}
    is_clock_right = simulation.clock_was_off < _NOTICED
    wronged = quarantined - simulation.given_up if is_clock_right else set()
    _require("I3", not wronged, f"not run, though nobody died of it: {wronged}")


def _require_answers(simulation: Simulation, turns: Sequence[JsonObject]) -> None:
    """Every order was answered in time: nobody waits, unless his turn took longer than one may.

    Nor is an answer heard that was put aside, as it killed whoever took it.
    """
    awaited = simulation.conversation.state.get("awaited")
    if awaited is None or simulation.clock_went_back or awaited in simulation.came_too_late:
        return
    became = {row["pid"].rpartition(":")[2]: row["outcome"] for row in turns}
    if became.get(awaited) == Outcome.QUARANTINED:
        return
    ledger = simulation.ledger
    turn = next(t for t in ledger.turns if awaited.startswith(f"{seed_of(t):x}-"))
    took = ledger.committed_at[turn] - simulation.shop.called_at[awaited]
    _require("I3", took >= _DEAD_AFTER, f"the answer to {awaited} was not heard")


def _require_order(simulation: Simulation) -> None:
    """What came over the queue was taken in the order in which it was first accepted there."""
    tenant_id, conversation_id = simulation.tenant_id, simulation.conversation_id
    queued = list(dict.fromkeys(inbound.pid for inbound in simulation.queue.sent))
    expected = [turn_id(tenant_id, conversation_id, pid) for pid in queued]
    wanted = set(expected)
    actual = [turn for turn in simulation.ledger.turns if turn in wanted]
    _require("I2", actual == expected, "the turns are not in the order of the queue")


def _require_chain(turns: Sequence[JsonObject]) -> None:
    """Each turn that ran began with the state that the one before it left (I11)."""
    ran = [row["trace"] for row in turns if row["outcome"] == Outcome.COMMITTED]
    for before, after in pairwise(ran):
        _require("I11", before["state_after"] == after["state_before"], "a turn was overwritten")


def _require_version(simulation: Simulation, turns: Sequence[JsonObject]) -> None:
    """Each turn ran on what the moves before it led to, and so will the next one."""
    version = A_PIN.version
    for row in turns:
        _require("I11", row["flow_version"] == version, f"turn {row['turn_no']} ran on another")
        event = row["trace"]["event"]
        if event["kind"] == "migrate" and row["outcome"] == Outcome.COMMITTED:
            version = event["to"]["version"]
    _require("I11", simulation.conversation.flow.version == version, "a move is lost or doubled")


def _sent(simulation: Simulation) -> list[str]:
    return [item.oid for outbound in simulation.wire.sent for item in outbound.items]


def _sends_again(simulation: Simulation) -> int:
    """How many sends told anything that had been told before."""
    told: set[str] = set()
    again = 0
    for outbound in simulation.wire.sent:
        oids = {item.oid for item in outbound.items}
        again += not told.isdisjoint(oids)
        told |= oids
    return again


def _repeated[Item](items: list[Item]) -> list[Item]:
    return [item for item, count in Counter(items).items() if count > 1]


def _require(number: str, holds: bool, why: str) -> None:  # noqa: FBT001 -- an assertion
    if not holds:
        raise Broken(f"{number}: {why}")
