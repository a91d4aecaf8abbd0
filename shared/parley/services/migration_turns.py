"""The turn that moves a conversation to another version of its flow."""

from parley.domain.conversations import Conversation
from parley.domain.turns import Outcome
from parley.engine.events import MigrateEvent
from parley.engine.migration import migrate
from parley.engine.state import RunState
from parley.services.arrivals import Arrived, Result
from parley.services.called_flows import called_by
from parley.services.failures import stayed
from parley.services.journal import Journal
from parley.services.ports.programs import Programs
from parley.services.surroundings import Surroundings


def migrated(
    programs: Programs,
    before: Conversation,
    arrived: Arrived,
    event: MigrateEvent,
    journal: Journal,
) -> Result:
    """What the event makes of an open conversation: judged as it stands now, not when it was asked.

    It counts from the last activity when it closes for being idle, by the new version's limit.
    Raises NotFound without such a version, Unavailable.
    """
    if before.flow != event.before:
        return stayed(event, f"it runs on version {before.flow.version} by now")
    source = programs.get(before.tenant_id, event.before)
    target = programs.get(before.tenant_id, event.after)
    state = RunState.from_json(before.state)
    called = called_by(programs, before.tenant_id)
    services = Surroundings(before, arrived, target, journal, called)
    turn = migrate(source.program, target.program, state, event, services)
    if turn.ignored:
        return Result(Outcome.IGNORED, None, turn.effects, turn.trace)
    idle_at = target.program.idle_due_at(turn.state, before.last_activity_at)
    return Result(
        Outcome.COMMITTED, turn.state, turn.effects, turn.trace, idle_at, flow=event.after
    )
