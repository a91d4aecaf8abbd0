"""Queue `inbound`: let each event of a conversation become its turn, in order."""

from parley.domain.queued import Inbound, Receipt
from parley.runtime.queue import queue_handler
from parley.runtime.wiring import Services


def take_turn(inbound: Inbound, services: Services, receipt: Receipt) -> None:
    services.turns.take(inbound, receipt)


handler = queue_handler(Inbound, take_turn, ordered=True)
