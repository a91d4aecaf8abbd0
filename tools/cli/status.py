"""`parley status [--json]`."""

import argparse
import json

from parley.domain.json import JsonObject
from tools.local.api import Api
from tools.local.demo import EMAIL, FLOW, ORGANIZATION
from tools.local.errors import CloudError
from tools.local.places import Places, read_json
from tools.local.ports import listening
from tools.local.secrets import Secrets
from tools.local.state import PartState, Phase, State

DOWN = 3
"""The exit code when it is not up, as of a service that does not run (LSB 4.1)."""


def run(arguments: argparse.Namespace) -> int:
    """Print how it is; 0 when it is up, 3 when it is not."""
    places = Places.from_environment()
    state = State.read(places)
    report = describe(places, state)
    print(json.dumps(report, indent=2) if arguments.json else _as_text(report))
    return 0 if state.phase is Phase.READY else DOWN


def describe(places: Places, state: State) -> JsonObject:
    """Everything a program may want to know of the laptop cloud."""
    is_up = state.phase is Phase.READY
    outputs = read_json(places.deployed).get("outputs", {})
    report: JsonObject = {
        "phase": state.phase,
        "home": str(places.home),
        "supervisor": state.supervisor.pid if is_up and state.supervisor else None,
        "addresses": dict(state.addresses) if is_up else {},
        "outputs": outputs if is_up else {},
        "parts": {part.name: _part(part) for part in state.parts} if is_up else {},
        "stores": {},
        "demo": None,
    }
    if is_up:
        report["stores"] = _stores(state.addresses["api"])
        report["demo"] = {
            "organization": ORGANIZATION,
            "email": EMAIL,
            "password": Secrets.of(places).demo_password,
            "flow": FLOW,
        }
    return report


def _part(part: PartState) -> JsonObject:
    answers = part.identity.find() is not None and listening(part.port)
    return {
        "label": part.label,
        "health": "ok" if answers else "failed",
        "port": part.port,
        "pid": part.identity.pid,
        "restarts": part.restarts,
        "log": str(part.log),
    }


def _stores(api: str) -> JsonObject:
    """How the stores answer the functions themselves: each one's status and milliseconds."""
    try:
        stores: JsonObject = Api(api).get("/health/ready")["stores"]
    except CloudError as error:
        return {"api": {"status": "failed", "why": str(error)}}
    return stores


def _as_text(report: JsonObject) -> str:
    if report["phase"] != Phase.READY:
        return f"The laptop cloud in {report['home']} is {report['phase']}. `parley up` starts it."
    lines = [f"{name:<12} {address}" for name, address in report["addresses"].items()]
    lines += ["", f"{'part':<16} {'health':<8} {'port':>6} {'pid':>8} {'restarts':>9}  log"]
    lines += [
        f"{part['label']:<16} {part['health']:<8} {part['port']:>6} {part['pid']:>8}"
        f" {part['restarts']:>9}  {part['log']}"
        for part in report["parts"].values()
    ]
    lines += ["", *(f"{name:<12} {_store(store)}" for name, store in report["stores"].items())]
    demo = report["demo"]
    lines += ["", f"demo log-in  {demo['email']}  {demo['password']}"]
    return "\n".join(lines)


def _store(store: JsonObject) -> str:
    return f"{store['status']} {store.get('ms', store.get('why', ''))}"
