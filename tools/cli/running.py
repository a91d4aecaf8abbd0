"""The laptop cloud that other commands need to be up."""

from tools.local.api import Api
from tools.local.demo import EMAIL, log_in
from tools.local.errors import CloudError
from tools.local.places import Places
from tools.local.secrets import Secrets
from tools.local.state import Phase, State


def the_running(places: Places) -> State:
    """What its supervisor says. Raises CloudError when it is not up."""
    state = State.read(places)
    if state.phase is not Phase.READY:
        raise CloudError(f"the laptop cloud is {state.phase}", remedy="start it with `parley up`")
    return state


def as_demo_admin(places: Places) -> Api:
    """The API as the demo organisation's administrator."""
    api = Api(the_running(places).addresses["api"])
    return log_in(api, EMAIL, Secrets.of(places).demo_password)
