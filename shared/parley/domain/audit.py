"""Who did what, for ever: entries of the audit log (S3-19)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from parley.domain.access import Caller, Role
from parley.domain.ids import TenantId
from parley.domain.json import JsonObject


class AuditAction(StrEnum):
    """What happened to the entity."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class ActorType(StrEnum):
    """S3-20."""

    USER = "user"
    SYSTEM = "system"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing done; `name` says it in the past tense, as `flow.published`.

    Values hold what changed and never a secret, a password or a hash of one.
    """

    tenant_id: TenantId
    id: str
    at: datetime
    name: str
    action: AuditAction
    entity_type: str
    entity_id: str
    actor_type: ActorType
    actor_id: str
    old_values: JsonObject | None = None
    new_values: JsonObject | None = None
    request_id: str | None = None


def entry_by(
    caller: Caller,
    name: str,
    action: AuditAction,
    entity: tuple[str, str],
    *,
    entry_id: str,
    at: datetime,
) -> AuditEntry:
    """An entry about an entity, (type, id), by a caller: a service if it came with an API key."""
    match caller:
        case Caller(role=Role.SYSTEM):
            actor, actor_id = ActorType.SYSTEM, str(caller.user_id)
        case Caller(key_id=str() as key_id):
            actor, actor_id = ActorType.SERVICE, key_id
        case _:
            actor, actor_id = ActorType.USER, str(caller.user_id)
    return AuditEntry(
        tenant_id=caller.tenant_id,
        id=entry_id,
        at=at,
        name=name,
        action=action,
        entity_type=entity[0],
        entity_id=entity[1],
        actor_type=actor,
        actor_id=actor_id,
        request_id=caller.request_id,
    )


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry in its place in the tenant's chain.

    `hash` covers the entry and the hash before it, so that nothing can be changed or taken out
    without every later hash being wrong. `number` counts from 1 without a gap.
    """

    entry: AuditEntry
    number: int
    previous_hash: str
    hash: str


def chained(entry: AuditEntry, *, after: ChainedEntry | None) -> ChainedEntry:
    """The entry at the end of a chain; None is the chain that is empty yet."""
    previous = after.hash if after else ""
    return ChainedEntry(
        entry=entry,
        number=after.number + 1 if after else 1,
        previous_hash=previous,
        hash=_hash(entry, previous),
    )


def first_break(chain: Sequence[ChainedEntry]) -> int | None:
    """The number of the first entry of a whole chain that is not as it was written, or missing."""
    before: ChainedEntry | None = None
    for expected, link in enumerate(chain, start=1):
        if link != chained(link.entry, after=before):
            return expected
        before = link
    return None


def _hash(entry: AuditEntry, previous_hash: str) -> str:
    """SHA-256, in hex, of the hash before and the entry as JSON with sorted keys."""
    fields = {**asdict(entry), "at": entry.at.isoformat(), "previous_hash": previous_hash}
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
