"""Flows going live, back, and away.

Conversations stay on the version they began with, whatever becomes of their flow.
"""

# ruff: noqa: PLC0415 -- cold start: a function loads what it uses
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.domain.access import Caller
from parley.domain.conversations import FlowVersion
from parley.domain.errors import Conflict
from parley.domain.flow_records import (
    Flow,
    FlowStatus,
    FlowVersionRecord,
    VersionStatus,
    changed_status,
)
from parley.domain.ids import FlowId
from parley.domain.json import JsonObject
from parley.services.flow_writing import FlowWriting

if TYPE_CHECKING:
    from parley.services.neighbours import Neighbours


class FlowPublishing(FlowWriting):
    """Decides which version of which flow new conversations begin with.

    Repeating anything changes nothing. `reason` is kept in the audit log. All raise NotFound, and
    Conflict when the flow does not stand so that it may be done.
    """

    def publish(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        version: FlowVersion | None = None,
        if_match: int | None = None,
    ) -> Flow:
        """Make a version, by default the latest, the one that new conversations begin with.

        The flows that it calls are taken as they are now, and stay so. The tenant's first published
        flow becomes its default. Raises FlowInvalid with every error of the check, or every failed
        test that the flow demands to pass.
        """
        from parley.services.flow_sources import headline

        def publish(flow: Flow) -> Flow:
            chosen = version or flow.latest_version
            if flow.pin is not None and flow.active_version == chosen:
                return flow
            status = changed_status(flow, FlowStatus.ACTIVE)
            record = self.publishable(
                caller, self._flows.get_version(caller.tenant_id, flow_id, chosen)
            )
            changed = self._touched(caller, headline(record.document).shown_on(flow))
            changed = replace(
                changed,
                status=status,
                active_version=chosen,
                previous_version=_previous(flow, chosen),
                published_at=changed.updated_at,
                published_by=caller.user_id,
            )
            entry = self._entry(
                caller,
                flow,
                "flow.published",
                old={"status": flow.status, "active_version": flow.active_version},
                new={"status": status, "active_version": chosen},
            )
            return self._flows.publish(caller.tenant_id, changed, chosen, entry, record.calls)

        return self._with_flow(caller, flow_id, if_match, publish)

    def rollback(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        version: FlowVersion | None = None,
        reason: str | None = None,
        if_match: int | None = None,
    ) -> Flow:
        """Make a version active that has been before, by default the one before the present one.

        It passed the check when it was published and is not checked again, but it must still run:
        raises FlowInvalid if it does not. Going back twice takes naming the version.
        """
        from parley.services.flow_sources import headline
        from parley.services.programs import built

        def rolled_back(flow: Flow) -> Flow:
            if flow.pin is None:
                raise Conflict(f"the flow is {flow.status}: only an active one can be rolled back")
            chosen = version or flow.previous_version
            if chosen is None:
                raise Conflict("no version is known to have been active before: name the `version`")
            if chosen == flow.active_version:
                return flow
            record = self._flows.get_version(caller.tenant_id, flow_id, chosen)
            if record.status is not VersionStatus.PUBLISHED:
                raise Conflict(f"version {chosen} has never been active: publish it")
            built(record.document, record.calls)
            back = headline(record.document).shown_on(flow)
            return replace(back, active_version=chosen, previous_version=None)

        return self._changed(
            caller, flow_id, rolled_back, "flow.rolled_back", reason=reason, if_match=if_match
        )

    def set_default(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        reason: str | None = None,
        if_match: int | None = None,
    ) -> Flow:
        """Make an active flow the one that conversations begin with where none was asked for."""
        return self._changed(
            caller, flow_id, _as_default, "flow.default_set", reason=reason, if_match=if_match
        )

    def archive(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        reason: str | None = None,
        if_match: int | None = None,
    ) -> Flow:
        """Take a flow away from new conversations; it is no default any more, and keeps its name.

        A tenant whose default it was has none until one is chosen or published.
        """
        return self._changed(
            caller, flow_id, _archived, "flow.archived", reason=reason, if_match=if_match
        )

    def restore(
        self,
        caller: Caller,
        flow_id: FlowId,
        *,
        reason: str | None = None,
        if_match: int | None = None,
    ) -> Flow:
        """Take a flow out of the archive: it is inactive until it is published again."""
        return self._changed(
            caller, flow_id, _restored, "flow.restored", reason=reason, if_match=if_match
        )

    def publishable(self, caller: Caller, record: FlowVersionRecord) -> FlowVersionRecord:
        """The version with the flows that it calls, as it would be published now.

        Raises FlowInvalid with every error of the check, or every failed test that it demands.
        """
        from parley.services.flow_sources import require_sound
        from parley.services.flow_tests import require_tested
        from parley.services.programs import built

        neighbours = self.neighbours(caller, record)
        require_sound(record.source or record.document, neighbours)
        record = replace(record, calls=neighbours.calls)
        require_tested(record, built(record.document, record.calls), neighbours.called)
        return record

    def neighbours(self, caller: Caller, version: FlowVersionRecord | None = None) -> "Neighbours":
        """What a document of the caller's is checked against; `version` if it is kept as one."""
        from parley.services.neighbours import Neighbours

        return Neighbours(self._flows, caller.tenant_id, version)

    def _changed(
        self,
        caller: Caller,
        flow_id: FlowId,
        changed: Callable[[Flow], Flow],
        name: str,
        *,
        reason: str | None,
        if_match: int | None,
    ) -> Flow:
        """The flow as `changed` gives it, stored; nothing is written of one that it gives back."""

        def change(before: Flow) -> Flow:
            after = changed(before)
            if after is before:
                return before
            told = [field for field in _TOLD if getattr(before, field) != getattr(after, field)]
            entry = self._entry(
                caller,
                before,
                name,
                old={field: getattr(before, field) for field in told},
                new=_because(reason, {field: getattr(after, field) for field in told}),
            )
            becomes_default = after.is_default and not before.is_default
            store = self._flows.make_default if becomes_default else self._flows.change
            return store(caller.tenant_id, self._touched(caller, after), entry)

        return self._with_flow(caller, flow_id, if_match, change)


_TOLD = ("status", "active_version", "is_default")


def _as_default(flow: Flow) -> Flow:
    if flow.status is not FlowStatus.ACTIVE:
        raise Conflict(f"the flow is {flow.status}: publish it to make it the default")
    return flow if flow.is_default else replace(flow, is_default=True)


def _archived(flow: Flow) -> Flow:
    if flow.status is FlowStatus.ARCHIVED:
        return flow
    return replace(flow, status=changed_status(flow, FlowStatus.ARCHIVED), is_default=False)


def _restored(flow: Flow) -> Flow:
    if flow.status is FlowStatus.INACTIVE:
        return flow
    if flow.status is not FlowStatus.ARCHIVED:
        raise Conflict(f"the flow is {flow.status}: only an archived one can be restored")
    return replace(flow, status=changed_status(flow, FlowStatus.INACTIVE))


def _previous(flow: Flow, chosen: FlowVersion) -> FlowVersion | None:
    """What a rollback goes back to once `chosen` is active; it may have been, and been archived."""
    return flow.previous_version if flow.active_version == chosen else flow.active_version


def _because(reason: str | None, values: JsonObject) -> JsonObject:
    return values if reason is None else {**values, "reason": reason}
