"""Published flows, compiled: from this process's memory, else the cache, else the store.

A published version never changes, so what was loaded once is right for ever; a warm process asks
nobody. Entries are keyed by tenant, flow and version.
"""

import json
import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable

from parley.domain.conversations import Channel, FlowPin
from parley.domain.errors import NotFound, Unavailable
from parley.domain.flow_records import Flow, VersionStatus
from parley.domain.flows import FlowDocument
from parley.domain.ids import FlowId, TenantId
from parley.domain.json import JsonObject
from parley.engine.compile import compile_flow
from parley.nlu.matcher import IntentMatcher
from parley.services.ports.flows import FlowCache, Flows
from parley.services.ports.programs import LoadedFlow

KEPT = 64
"""Programs a process keeps; the one not used for longest goes first."""

_LOG = logging.getLogger(__name__)

type Build = Callable[[JsonObject], LoadedFlow]
"""Compiles a document and trains its classifier."""


def built(document: JsonObject) -> LoadedFlow:
    """A document, ready to run. Raises FlowInvalid, and pydantic's error for what is no flow."""
    flow = FlowDocument.model_validate(document)
    return LoadedFlow(compile_flow(flow), IntentMatcher.train(document.get("intents", {})), flow)


class FlowPrograms:
    """The port `Programs`; safe to share between threads."""

    def __init__(
        self, flows: Flows, cache: FlowCache, *, build: Build = built, kept: int = KEPT
    ) -> None:
        self._flows = flows
        self._cache = cache
        self._build = build
        self._kept = kept
        self._loaded: OrderedDict[tuple[TenantId, FlowPin], LoadedFlow] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, tenant_id: TenantId, pin: FlowPin) -> LoadedFlow:
        with self._lock:
            if loaded := self._loaded.get((tenant_id, pin)):
                self._loaded.move_to_end((tenant_id, pin))
                return loaded
        loaded = self._build(self._document(tenant_id, pin))
        with self._lock:
            self._loaded[tenant_id, pin] = loaded
            while len(self._loaded) > self._kept:
                self._loaded.popitem(last=False)
        return loaded

    def resolve(self, tenant_id: TenantId, flow: str | None, channel: Channel) -> FlowPin:  # noqa: ARG002 -- the port's: triggers will choose by it
        if flow is None:
            found = self._flows.find_default(tenant_id)
        else:
            found = self._named(tenant_id, flow)
        pin = found.pin if found else None
        if pin is None:
            raise NotFound("published flow", flow or "the default")
        return pin

    def _named(self, tenant_id: TenantId, flow: str) -> Flow | None:
        """The flow with that id, else with that name: a name may look like an id."""
        try:
            return self._flows.get(tenant_id, FlowId(str(uuid.UUID(flow))))
        except (ValueError, NotFound):
            return self._flows.find_by_name(tenant_id, flow)

    def _document(self, tenant_id: TenantId, pin: FlowPin) -> JsonObject:
        if (cached := self._cached(tenant_id, pin)) is not None:
            return cached
        record = self._flows.get_version(tenant_id, pin.id, pin.version)
        if record.status is not VersionStatus.PUBLISHED:
            raise NotFound("published flow", f"{pin.id} {pin.version}")
        try:
            self._cache.put(tenant_id, pin, json.dumps(record.document, ensure_ascii=False))
        except Unavailable:
            _LOG.warning("flow_cache.unavailable")
        return record.document

    def _cached(self, tenant_id: TenantId, pin: FlowPin) -> JsonObject | None:
        try:
            text = self._cache.find(tenant_id, pin)
        except Unavailable:
            _LOG.warning("flow_cache.unavailable")
            return None
        try:
            document = json.loads(text or "null")
        except ValueError:
            return None
        return document if isinstance(document, dict) else None
