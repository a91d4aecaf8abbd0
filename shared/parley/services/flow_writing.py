"""What every write of a flow has: it is of the flow as it is, and stands in the audit log."""

from collections.abc import Callable
from dataclasses import replace

from parley.domain.access import Caller
from parley.domain.audit import AuditAction, AuditEntry, entry_by
from parley.domain.errors import Conflict, PreconditionFailed
from parley.domain.flow_records import Flow
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.services.ports.clock import Clock, NewId
from parley.services.ports.flows import Flows

_TRIES = 3
"""How often a write that did not name a version is tried again when another came between."""


class FlowWriting:
    """Reads flows, and writes them.

    `if_match` is the `row_version` that the caller has seen: PreconditionFailed if it is not the
    present one; without it, another writer in between is no error.
    """

    def __init__(self, flows: Flows, *, clock: Clock, new_id: NewId) -> None:
        self._flows = flows
        self._clock = clock
        self._new_id = new_id

    def get(self, caller: Caller, flow_id: FlowId) -> Flow:
        """Raises NotFound."""
        return self._flows.get(caller.tenant_id, flow_id)

    def _with_flow[Result](
        self,
        caller: Caller,
        flow_id: FlowId,
        if_match: int | None,
        change: Callable[[Flow], Result],
    ) -> Result:
        """What `change` gives of the flow as it is; again if another writer was faster."""
        for attempt in range(1, _TRIES + 1):
            flow = self._flows.get(caller.tenant_id, flow_id)
            if if_match is not None and flow.row_version != if_match:
                raise PreconditionFailed(
                    f"the flow has row version {flow.row_version}, not {if_match}: read it again"
                )
            try:
                return change(flow)
            except Conflict:
                if attempt == _TRIES:
                    raise
        raise AssertionError  # pragma: no cover -- the loop returns or raises

    def _touched(self, caller: Caller, flow: Flow) -> Flow:
        """The flow, changed by the caller now."""
        return replace(flow, updated_at=self._clock(), updated_by=caller.user_id)

    def _entry(
        self,
        caller: Caller,
        flow: Flow,
        name: str,
        *,
        old: JsonObject | None = None,
        new: JsonObject,
    ) -> AuditEntry:
        """An entry about the flow: made, if there is nothing old, else changed."""
        action = AuditAction.CREATE if name == "flow.created" else AuditAction.UPDATE
        entry = entry_by(
            caller, name, action, ("flow", flow.id), entry_id=self._new_id(), at=self._clock()
        )
        return replace(entry, old_values=old, new_values=new)
