"""GET /flows/{flow_id}/export: hand out a version's document, or its tests, as a file."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from parley.api.flow_versions import EXPORT, MEDIA_TYPES
from parley.api.flows import VersionName
from parley.domain.access import Permission
from parley.domain.conversations import FlowVersion
from parley.domain.flow_records import ExportedPart, SourceFormat
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.READ_FLOWS)


@app.get("/flows/<flow_id>/export", responses=EXPORT)
def export_flow(
    flow_id: FlowId,
    caller: CurrentCaller,
    services: Wired,
    output: Annotated[SourceFormat, Query(alias="format")] = SourceFormat.YAML,
    version: Annotated[VersionName | None, Query()] = None,
    what: Annotated[ExportedPart, Query()] = ExportedPart.FLOW,
) -> Response[str]:
    pinned = FlowVersion(version) if version else None
    text = services.flows.export(caller, flow_id, output, version=pinned, what=what)
    return Response(HTTPStatus.OK, content_type=MEDIA_TYPES[output], body=text)


handler = lambda_handler(app)
