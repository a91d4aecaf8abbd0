"""The demo organisation with the example flow published, made through the API as anybody would."""

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from parley.domain.json import JsonObject
from tools.local.api import Api, ApiRefused
from tools.local.errors import CloudError
from tools.local.places import ROOT, Places, read_json, write_json
from tools.local.publish import publish

ORGANIZATION = "demo"
EMAIL = "admin@demo.example"
FLOW_FILE = ROOT / "examples" / "flows" / "order_status.yaml"
FLOW = "order-status"


@dataclass(frozen=True, slots=True)
class Demo:
    """Who may log in to the demo organisation."""

    api: Api
    password: str

    def ensure(self, places: Places, flow_file: Path = FLOW_FILE) -> None:
        """Make what is missing of it: organisation, administrator, the flow as it is now."""
        known = read_json(places.demo)
        api = self._logged_in(exists=bool(known))
        source = flow_file.read_text()
        fingerprint = hashlib.sha256(source.encode()).hexdigest()
        if known.get("fingerprint") != fingerprint or not self._has_flow(api, known):
            known = {"flow_id": publish(api, source).flow_id}
        write_json(
            places.demo,
            {
                "organization": ORGANIZATION,
                "flow": FLOW,
                "email": EMAIL,
                "flow_id": known["flow_id"],
                "fingerprint": fingerprint,
            },
        )

    def _logged_in(self, *, exists: bool) -> Api:
        """Tries first what is likelier to be right."""
        steps = [self._log_in, self._sign_up] if exists else [self._sign_up, self._log_in]
        try:
            return steps[0]()
        except ApiRefused as error:
            if error.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.CONFLICT}:
                raise
        try:
            return steps[1]()
        except ApiRefused as error:
            raise CloudError(
                f"the organisation {ORGANIZATION!r} has another password here: {error}",
                remedy="`parley reset` starts from nothing",
            ) from None

    def _log_in(self) -> Api:
        return log_in(self.api, EMAIL, self.password)

    def _sign_up(self) -> Api:
        draft = {
            "organization": "Demo",
            "slug": ORGANIZATION,
            "email": EMAIL,
            "password": self.password,
            "display_name": "Demo Admin",
        }
        signed_up = self.api.post("/organizations", draft)
        return Api(self.api.address, signed_up["tokens"]["access_token"])

    @staticmethod
    def _has_flow(api: Api, known: JsonObject) -> bool:
        try:
            return bool(api.get(f"/flows/{known['flow_id']}")["active_version"])
        except (KeyError, ApiRefused):
            return False


def log_in(api: Api, email: str, password: str) -> Api:
    """The API as that user. Raises ApiRefused."""
    tokens = api.post("/auth/token", {"email": email, "password": password})
    return Api(api.address, tokens["access_token"])
