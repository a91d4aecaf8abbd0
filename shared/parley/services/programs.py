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
from dataclasses import dataclass

from pydantic import ValidationError

from parley.domain.conversations import Channel, FlowPin, FlowVersion
from parley.domain.errors import Fault, FlowInvalid, NotFound, Unavailable
from parley.domain.flow_records import NO_CALLS, Calls, Flow, VersionStatus
from parley.domain.flows import FlowDocument
from parley.domain.ids import FlowId, TenantId
from parley.domain.json import JsonObject
from parley.engine.compile import compile_flow
from parley.nlu.matcher import IntentMatcher
from parley.services.ports.flows import FlowCache, Flows
from parley.services.ports.programs import Fallback, LoadedFlow

KEPT = 64
"""Programs a process keeps; the one not used for longest goes first."""

_LOG = logging.getLogger(__name__)

type Build = Callable[[JsonObject, Calls], LoadedFlow]
"""Compiles a document and trains its classifier."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is kept of a published version, to be built from."""

    document: JsonObject
    calls: Calls

    @classmethod
    def of(cls, text: str | None) -> "_Stored | None":
        """None for a text that `text` did not give."""
        try:
            match json.loads(text or "null"):
                case {"document": dict(document), "calls": dict(calls)}:
                    return cls(document, {name: _pin(*pin) for name, pin in calls.items()})
        except (TypeError, ValueError):
            return None
        return None

    @property
    def text(self) -> str:
        calls = {name: [pin.id, pin.version] for name, pin in self.calls.items()}
        return json.dumps({"document": self.document, "calls": calls}, ensure_ascii=False)


def built(document: JsonObject, calls: Calls = NO_CALLS) -> LoadedFlow:
    """A document, ready to run. Raises FlowInvalid for one that is not, though it may have been."""
    try:
        flow = FlowDocument.model_validate(document)
    except ValidationError as error:
        why = "the flow cannot be run any more: publish another version"
        raise FlowInvalid(why, [Fault("", why)]) from error
    matcher = IntentMatcher.train(document.get("intents", {}))
    keys = {name: str(pin) for name, pin in calls.items()}
    return LoadedFlow(compile_flow(flow, keys), matcher, flow, calls)


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
        stored = self._stored(tenant_id, pin)
        loaded = self._build(stored.document, stored.calls)
        with self._lock:
            self._loaded[tenant_id, pin] = loaded
            while len(self._loaded) > self._kept:
                self._loaded.popitem(last=False)
        return loaded

    def fallback(self, tenant_id: TenantId, pin: FlowPin) -> Fallback | None:
        try:
            stored = self._stored(tenant_id, pin)
        except NotFound:
            return None
        match stored.document:
            case {"name": str(name), "settings": {"fallback_flow": str(fallback)}}:
                found = stored.calls.get(fallback.strip())
                return None if found is None else Fallback(name.strip(), fallback.strip(), found)
        return None

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

    def _stored(self, tenant_id: TenantId, pin: FlowPin) -> _Stored:
        if (cached := self._cached(tenant_id, pin)) is not None:
            return cached
        record = self._flows.get_version(tenant_id, pin.id, pin.version)
        if record.status is not VersionStatus.PUBLISHED:
            raise NotFound("published flow", f"{pin.id} {pin.version}")
        stored = _Stored(record.document, record.calls)
        try:
            self._cache.put(tenant_id, pin, stored.text)
        except Unavailable:
            _LOG.warning("flow_cache.unavailable")
        return stored

    def _cached(self, tenant_id: TenantId, pin: FlowPin) -> _Stored | None:
        try:
            return _Stored.of(self._cache.find(tenant_id, pin))
        except Unavailable:
            _LOG.warning("flow_cache.unavailable")
            return None


def _pin(flow_id: str, version: str) -> FlowPin:
    return FlowPin(FlowId(flow_id), FlowVersion(version))
