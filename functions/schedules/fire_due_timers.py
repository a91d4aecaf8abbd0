"""Every minute: queue a turn for each timer that is due."""

from parley.runtime.schedule import schedule_handler
from parley.runtime.wiring import Services


def fire_due_timers(services: Services) -> int:
    return services.timers.fire_due()


handler = schedule_handler(fire_due_timers)
