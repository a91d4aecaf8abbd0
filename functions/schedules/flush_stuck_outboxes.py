"""Every minute: send what a worker that died left unsent."""

from parley.runtime.schedule import schedule_handler
from parley.runtime.wiring import Services


def flush_stuck_outboxes(services: Services) -> int:
    return services.outbox.flush_stuck()


handler = schedule_handler(flush_stuck_outboxes)
