"""A saved flow, tested by what its author sends along."""

from parley.domain.access import Caller
from parley.domain.conversations import FlowVersion
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.engine.scripts import script_from_json
from parley.engine.testing import Report, run_tests
from parley.services.called_flows import called_by
from parley.services.flow_sources import loaded, require_sound
from parley.services.flows import FlowService
from parley.services.ports.programs import Programs
from parley.services.programs import built

MAX_TURNS = 20_000
"""All the tests of one request together: they must end within the function's time."""


def report_on(
    flows: FlowService,
    caller: Caller,
    flow_id: FlowId,
    tests: str | JsonObject,
    *,
    programs: Programs,
    version: FlowVersion | None = None,
) -> Report:
    """Runs tests on a version, by default the latest; flows that it calls are the tenant's own.

    Raises NotFound, Invalid for what is no test, FlowInvalid for a flow with errors.
    """
    chosen = version or flows.get(caller, flow_id).latest_version
    record = flows.version(caller, flow_id, chosen)
    document, _ = loaded(tests)
    script = script_from_json({"flow": record.version, **document})
    require_sound(record.source or record.document)
    flow = built(record.document)
    return run_tests(
        flow.program,
        flow.document,
        script,
        flow.matcher.classify,
        budget=MAX_TURNS,
        flows=called_by(programs, caller.tenant_id),
    )
