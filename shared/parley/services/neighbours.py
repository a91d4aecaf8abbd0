"""What a tenant has around a flow: what its document calls is checked against."""

from collections.abc import Mapping

from parley.domain.conversations import FlowPin
from parley.domain.errors import FlowInvalid, NotFound
from parley.domain.flow_records import NO_CALLS, Calls, FlowVersionRecord, VersionStatus
from parley.domain.ids import TenantId
from parley.domain.strict_json import has_control_characters
from parley.engine.checks.surroundings import CalledFlow, Surroundings
from parley.engine.services import Runnable
from parley.services.ports.flows import Flows
from parley.services.programs import built


class Neighbours:
    """Finds the flows that a document calls, for `check_flow`; then has them as `calls`.

    They are the active versions of this moment; of a version that has been published, those of
    when it was: `version` is the one that is checked, if it is kept. Which integrations a tenant
    has is kept nowhere yet, so they are not checked.
    """

    def __init__(
        self,
        flows: Flows,
        tenant_id: TenantId,
        version: FlowVersionRecord | None = None,
    ) -> None:
        self._flows = flows
        self._tenant_id = tenant_id
        self._version = version
        self.calls: Calls = NO_CALLS
        self._built: dict[str, Runnable | None] = {}

    def __call__(self, names: frozenset[str]) -> Surroundings:
        """Raises Unavailable."""
        calls: dict[str, FlowPin] = {}
        flows: dict[str, CalledFlow] = {}
        for name, record in self._records(names).items():
            called = CalledFlow.read(record.document)
            if called is not None:
                calls[name], flows[name] = record.pin, called
        self.calls = calls
        return Surroundings(flows=flows)

    def called(self, key: str) -> Runnable | None:
        """The flow with that key, for tests: None for one that is not there, or runs no more."""
        if key not in self._built:
            self._built[key] = self._build(key)
        return self._built[key]

    def _build(self, key: str) -> Runnable | None:
        try:
            pin = FlowPin.parse(key)
            record = self._flows.get_version(self._tenant_id, pin.id, pin.version)
            flow = built(record.document, record.calls)
        except (ValueError, NotFound, FlowInvalid):
            return None
        return Runnable(flow.program, flow.matcher.classify)

    def _records(self, names: frozenset[str]) -> Mapping[str, FlowVersionRecord]:
        version = self._version
        if version is not None and version.status is VersionStatus.PUBLISHED:
            return {
                name: self._flows.get_version(self._tenant_id, pin.id, pin.version)
                for name, pin in version.calls.items()
                if name in names
            }
        possible = [name for name in names if not has_control_characters(name)]
        return self._flows.find_active(self._tenant_id, possible) if possible else {}
