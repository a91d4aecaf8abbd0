"""Every hour: queue the closing of each conversation that nobody went on with."""

from parley.runtime.schedule import schedule_handler
from parley.runtime.wiring import Services


def close_idle_conversations(services: Services) -> int:
    return services.timers.close_idle()


handler = schedule_handler(close_idle_conversations)
