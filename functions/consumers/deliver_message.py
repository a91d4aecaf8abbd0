"""Queue `outbound`: tell the world what a conversation's turns left to tell, in order."""

from parley.domain.queued import OutboundTurn
from parley.runtime.queue import queue_handler
from parley.runtime.wiring import Services


def deliver_message(outbound: OutboundTurn, services: Services) -> None:
    services.delivery.deliver(outbound)


handler = queue_handler(OutboundTurn, deliver_message)
