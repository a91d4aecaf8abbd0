"""The flows that a tenant's flows call."""

from parley.domain.conversations import Channel, FlowPin
from parley.domain.errors import NotFound
from parley.domain.ids import TenantId
from parley.engine.services import Flows, Runnable
from parley.services.ports.programs import Programs


def called_by(programs: Programs, tenant_id: TenantId) -> Flows:
    """Finds them by the pin that a published flow has for each, else by name, as active now.

    By name a flow calls that was never published: a changed one that is tried on the past.
    """

    def find(key: str) -> Runnable | None:
        try:
            flow = programs.get(tenant_id, _pin(programs, tenant_id, key))
        except NotFound:
            return None
        return Runnable(flow.program, flow.matcher.classify)

    return find


def _pin(programs: Programs, tenant_id: TenantId, key: str) -> FlowPin:
    try:
        return FlowPin.parse(key)
    except ValueError:
        return programs.resolve(tenant_id, key, Channel.WEB)
