"""Bring a laptop cloud up, step by step, keep it up, and take it down."""

import fcntl
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tools.local.api import Api, ApiRefused
from tools.local.demo import Demo
from tools.local.deploy import Deployer
from tools.local.errors import CloudError
from tools.local.function_logs import FunctionLogs
from tools.local.migrate import index, migrate
from tools.local.parts import Part
from tools.local.places import Places
from tools.local.plan import Plan
from tools.local.state import State
from tools.local.supervisor import Say, Supervisor, end_left_over
from tools.local.welcome import welcome

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AlreadyUp(CloudError):
    """Another supervisor has this laptop cloud."""


class _StopRequested(BaseException):
    """Somebody asked us to end."""


def run(places: Places, say: Say) -> None:
    """Bring it up and keep it up, until SIGINT, SIGTERM or SIGHUP; then take it all down.

    Raises AlreadyUp, or CloudError when a step fails, after what had started was taken down.
    """
    with _stop_requests(), _only_one(places):
        for label in end_left_over(State.read(places)):
            say(f"  ended {label}, left over from a supervisor that was killed")
        plan = Plan.make(places)
        deployer = Deployer(places, plan.ports["ministack"], plan.parameters())
        supervisor = Supervisor(places, plan.addresses, say, mend=_mender(deployer))
        try:
            _bring_up(plan, supervisor, deployer, say)
            say(welcome(plan))
            supervisor.be_ready()
            supervisor.watch()
        finally:
            say("Stopping.")
            supervisor.stop()


def _bring_up(plan: Plan, supervisor: Supervisor, deployer: Deployer, say: Say) -> None:
    parts = {part.name: part for part in plan.parts()}
    supervisor.start(list(parts.values()))
    for name, url in plan.own_servers.items():
        say(f"  {name:<14} {_place_of(url)}  (yours)")
    if "postgresql" in parts:
        _await(supervisor, parts.pop("postgresql"), say)
    with _step("Tables", say):
        migrate(plan.postgres_owner_url, app_password=plan.secrets.app_password)
    for part in parts.values():
        _await(supervisor, part, say)
    with _step("Indexes", say):
        index(plan.mongodb_uri)
    with _step("Stack", say) as note:
        note(deployer.deploy().change)
    with _step("Demo", say), _function_logs_kept(plan.places):
        Demo(Api(plan.addresses["api"]), plan.secrets.demo_password).ensure(plan.places)


def _await(supervisor: Supervisor, part: Part, say: Say) -> None:
    with _step(part.label, say) as note:
        supervisor.wait_for(part.name)
        note(part.address)


@contextmanager
def _step(label: str, say: Say) -> Iterator[Callable[[str], None]]:
    """One line when the step is done: what it was, what is to be noted, how long we waited."""
    notes: list[str] = []
    started = time.monotonic()
    try:
        yield notes.append
    except CloudError:
        say(f"  {label:<14} failed")
        raise
    say(f"  {label:<14} {' '.join(notes) or 'ready':<22} {time.monotonic() - started:5.1f} s")


@contextmanager
def _function_logs_kept(places: Places) -> Iterator[None]:
    """Should the API refuse, write down what its functions logged, and say where."""
    try:
        yield
    except ApiRefused as error:
        log = places.log("functions")
        log.write_text("\n".join(FunctionLogs.of(places).new_lines()) + "\n")
        raise CloudError(error.what, log=log, remedy="read the last error in that log") from None


def _mender(deployer: Deployer) -> Callable[[Part], None]:
    """MiniStack, killed, has forgotten what it had not saved: deploy what is missing again."""

    def mend(part: Part) -> None:
        if part.name == "ministack":
            deployer.deploy()

    return mend


@contextmanager
def _only_one(places: Places) -> Iterator[None]:
    """Hold this laptop cloud: the lock ends with our process, however that ends."""
    places.home.mkdir(parents=True, exist_ok=True)
    with places.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(
                f"this laptop cloud is already up ({places.home})", remedy="see `parley status`"
            ) from None
        yield


@contextmanager
def _stop_requests() -> Iterator[None]:
    """End the block at the first signal to stop; later ones change nothing."""

    def request(_number: int, _frame: FrameType | None) -> None:
        for wanted in _STOPPING:
            signal.signal(wanted, signal.SIG_IGN)
        raise _StopRequested

    for wanted in _STOPPING:
        signal.signal(wanted, request)
    try:
        yield
    except _StopRequested:
        return
    finally:
        for wanted in _STOPPING:
            signal.signal(wanted, signal.SIG_IGN)


def _place_of(url: str) -> str:
    """Host and port of a URL, without its password."""
    return url.rpartition("@")[2].split("://")[-1].partition("/")[0]
