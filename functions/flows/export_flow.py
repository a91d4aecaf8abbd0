"""GET /flows/{flow_id}/export: hand out a version's document as a file."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from parley.api.flows import EXPORT, MEDIA_TYPES, VersionName
from parley.domain.access import Permission
from parley.domain.conversations import FlowVersion
from parley.domain.flow_records import SourceFormat
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
) -> Response[str]:
    pinned = FlowVersion(version) if version else None
    text = services.flows.export(caller, flow_id, output, version=pinned)
    return Response(HTTPStatus.OK, content_type=MEDIA_TYPES[output], body=text)


handler = lambda_handler(app)
