"""The demo organisation with the example flow published, made through the API as anybody would."""

import hashlib
import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from tools.local.api import Api, ApiRefused
from tools.local.errors import CloudError
from tools.local.places import ROOT, Places, read_json, write_json
from tools.local.publish import draft_of, publish

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
        draft = draft_of(flow_file)
        wanted = hashlib.sha256(json.dumps([self.password, draft]).encode()).hexdigest()
        known = read_json(places.demo)
        if known.get("fingerprint") == wanted and self._exists():
            return
        published = publish(self._logged_in(exists=bool(known)), draft)
        write_json(
            places.demo,
            {
                "organization": ORGANIZATION,
                "flow": published.name,
                "email": EMAIL,
                "fingerprint": wanted,
            },
        )

    def _exists(self) -> bool:
        """Whether visitors are let in: a store may have been emptied since."""
        try:
            self.api.post("/auth/guest", {"organization": ORGANIZATION})
        except ApiRefused as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            return False
        return True

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


def log_in(api: Api, email: str, password: str) -> Api:
    """The API as that user. Raises ApiRefused."""
    tokens = api.post("/auth/token", {"email": email, "password": password})
    return Api(api.address, tokens["access_token"])
