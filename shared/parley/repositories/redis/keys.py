"""Every key, its type, its content and when it expires.

The tenant comes first, in braces: a cluster keeps what stands in braces on one node, so that one
script may touch several keys.

key                                        type    content                            expires
{tenant}:rate:<name>:<whom>                string  theoretical arrival time, us       when past
{everybody}:rate:<name>:<whom>             string  the same, before a tenant is known when past
{tenant}:idempotency:<caller>#<hash>       string  JSON: status, answer               24 h
{tenant}:flow:2:<flow>:<version>           string  JSON: document, calls              7 days
{tenant}:watchers:<conversation>           zset    connection ids by end of interest  10 min
{everybody}:connection:<connection>        set     the keys above that it stands in   10 min
"""

from parley.domain.conversations import FlowPin
from parley.domain.ids import ConversationId, TenantId

EVERYBODY = TenantId("everybody")
"""Stands for the tenant of callers who have none yet: no tenant's id looks like it."""
FLOW_EXPIRY_S = 7 * 24 * 60 * 60
IDEMPOTENCY_EXPIRY_S = 24 * 60 * 60
CONNECTION_EXPIRY_S = 10 * 60
"""API Gateway closes a connection that was silent for as long."""


def rate_key(tenant_id: TenantId, claim: str) -> str:
    """Where tries of `<name>:<whom>` are counted."""
    return f"{{{tenant_id}}}:rate:{claim}"


def idempotency_prefix(tenant_id: TenantId, caller: str) -> str:
    """What the keys of one caller's answers begin with."""
    return f"{{{tenant_id}}}:idempotency:{caller}"


def flow_key(tenant_id: TenantId, pin: FlowPin) -> str:
    """Where a published version is copied; the number is that of the copy's format."""
    return f"{{{tenant_id}}}:flow:2:{pin.id}:{pin.version}"


def watchers_key(tenant_id: TenantId, conversation_id: ConversationId) -> str:
    """Where the connections that watch a conversation are registered."""
    return f"{{{tenant_id}}}:watchers:{conversation_id}"


def connection_key(connection_id: str) -> str:
    """Where it stands what a connection watches."""
    return f"{{{EVERYBODY}}}:connection:{connection_id}"
