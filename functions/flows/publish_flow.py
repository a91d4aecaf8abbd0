"""POST /flows/{flow_id}/publish: check a version and make it the one new conversations begin with.

Conversations stay on the version they began with, unless `migrate` is true: then the moves of up to
200 live conversations of other versions are queued, and the answer says of those that cannot move,
up to `limit` of them, why not.
Repeat the request with `cursor` while there is a `next_cursor`; what is live already is not
published anew. Every error of the check is answered at once. With `dry_run=true` nothing changes.
"""

from parley.api.flows import PublishDraft
from parley.api.migrations import DryRun, PreviewView, PublishedView
from parley.api.parameters import DEFAULT_PAGE_SIZE, Cursor, IfMatch, Limit, row_version
from parley.domain.access import Permission
from parley.domain.ids import FlowId
from parley.runtime.http import CurrentCaller, Wired, lambda_handler, rest_api

app = rest_api(requires=Permission.PUBLISH_FLOWS)


@app.post("/flows/<flow_id>/publish")
def publish_flow(  # noqa: PLR0913 -- one argument a thing that the request may say
    flow_id: FlowId,
    draft: PublishDraft,
    caller: CurrentCaller,
    services: Wired,
    if_match: IfMatch = None,
    *,
    dry_run: DryRun = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE_SIZE,
) -> PublishedView | PreviewView:
    if dry_run:
        preview = services.migrations.preview(
            caller, flow_id, **draft.move, cursor=cursor, limit=limit
        )
        return PreviewView.of(preview)
    if draft.migrate:
        moving = services.migrations.publish(
            caller, flow_id, **draft.move, if_match=row_version(if_match), cursor=cursor
        )
        return PublishedView.of_moving(moving, limit)
    draft.require_no_move(cursor)
    return PublishedView.of(
        services.flows.publish(
            caller, flow_id, version=draft.pinned, if_match=row_version(if_match)
        )
    )


handler = lambda_handler(app)
