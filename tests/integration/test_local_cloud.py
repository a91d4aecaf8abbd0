"""The laptop cloud: comes up whole, survives the death of each part, and leaves nothing behind."""

import json
import os
import signal
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from parley.domain.json import JsonObject
from tests.cloud import Cloud, new_cloud
from tools.local.api import Api
from tools.local.errors import CloudError
from tools.local.places import ROOT, Places
from tools.local.processes import Identity, wait_until
from tools.local.state import State
from tools.local.supervisor import end_left_over

pytestmark = [pytest.mark.cloud, pytest.mark.xdist_group("cloud"), pytest.mark.timeout(240)]
DIALOGUE = ["where is my order", "12", "AB123456", "no thanks", "5"]


@pytest.fixture(scope="module")
def hurt_cloud() -> Iterator[Cloud]:
    """One laptop cloud for this module's tests, which may hurt it."""
    with tempfile.TemporaryDirectory(prefix="parley-own-", ignore_cleanup_errors=True) as folder:
        made = new_cloud(Path(folder) / "home")
        yield made
        made.parley("down")


@pytest.fixture
def own_cloud(hurt_cloud: Cloud) -> Cloud:
    """That cloud, up whatever the test before did to it."""
    if not hurt_cloud.is_up():
        hurt_cloud.up()
    assert wait_until(lambda: is_well(hurt_cloud), within_s=60, every_s=0.5)
    return hurt_cloud


def is_well(cloud: Cloud) -> bool:
    """Whether every part runs and every store answers the functions."""
    status = cloud.status()
    parts = {part["health"] for part in status["parts"].values()}
    stores = {store["status"] for store in status["stores"].values()}
    return (parts, stores) == ({"ok"}, {"up"})


def a_conversation(cloud: Cloud) -> tuple[Api, str]:
    """A visitor and the conversation they have begun; they try again while something comes back."""
    visitors: list[Api] = []

    def is_let_in() -> bool:
        with suppress(CloudError):
            visitors.append(cloud.as_guest())
        return bool(visitors)

    assert wait_until(is_let_in, within_s=30, every_s=0.5)
    visitor = visitors[0]
    started = visitor.post("/conversations", {"flow": "order-status"})
    return visitor, started["conversation"]["id"]


def say(visitor: Api, conversation_id: str, text: str) -> list[str]:
    """What the bot answers."""
    answer = visitor.post(
        f"/conversations/{conversation_id}/messages",
        {"content": {"type": "text", "text": text}},
        {"Prefer": "wait=25"},
    )
    return [message["content"]["text"] for message in answer["messages"]]


def answers_again(visitor: Api, path: str) -> bool:
    """Whether the API gives that to the visitor; while something comes back it may refuse."""
    try:
        visitor.get(path)
    except CloudError:
        return False
    return True


def processes_of(cloud: Cloud) -> list[psutil.Process]:
    """Every process that was told where this cloud is."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(cloud.home) in word for word in process.info["cmdline"] or [])
    ]


def get(address: str) -> JsonObject:
    with urllib.request.urlopen(address) as answer:  # noqa: S310 -- our own page
        document: JsonObject = json.loads(answer.read())
    return document


def test_it_says_where_everything_is_and_that_it_is_well(own_cloud: Cloud) -> None:
    status = own_cloud.status()

    assert status["phase"] == "ready"
    assert {name: part["health"] for name, part in status["parts"].items()} == dict.fromkeys(
        ["ministack", "postgresql", "mongodb", "valkey", "orders", "page"], "ok"
    )
    assert set(status["stores"]) == {"postgresql", "mongodb", "redis"}
    assert status["demo"]["email"] == "admin@demo.example"


def test_the_page_is_told_where_to_connect_and_what_to_talk_about(own_cloud: Cloud) -> None:
    page = own_cloud.addresses["page"]
    live = own_cloud.outputs["LiveApiId"]

    settings = get(f"{page}/config.json")

    assert (settings["api"], settings["organization"], settings["flow"]) == (
        f"{page}/v1",
        "demo",
        "order-status",
    )
    assert settings["live"].startswith("ws://127.0.0.1:")
    assert settings["live"].endswith(f"/_aws/execute-api/{live}/v1")


def test_the_example_can_be_talked_through_from_a_pipe(own_cloud: Cloud) -> None:
    talked = own_cloud.parley("chat", says="\n".join([*DIALOGUE, "never read"]))

    assert (talked.returncode, talked.stderr) == (0, "(the conversation is completed)\n")
    assert "Parcel Post" in talked.stdout
    assert "[Where is my order?]" in talked.stdout


def test_what_functions_wrote_can_be_read_by_name(own_cloud: Cloud) -> None:
    a_conversation(own_cloud)

    logs = own_cloud.parley("logs", "StartConversation")

    assert "request.answered" in logs.stdout
    assert all("StartConversation" in line for line in logs.stdout.splitlines())


def test_a_name_that_nothing_has_is_refused_with_those_there_are(own_cloud: Cloud) -> None:
    refused = own_cloud.parley("logs", "Nothing")

    assert refused.returncode == 1
    assert refused.stderr.startswith("parley: no function or part is called 'Nothing'")
    assert "TakeTurn" in refused.stderr


def test_a_flow_is_published_again_as_its_next_version(own_cloud: Cloud, tmp_path: Path) -> None:
    text = (ROOT / "examples/flows/order_status.yaml").read_text()
    own = text.replace("name: order-status", "name: my-own", 1)
    (tmp_path / "flow.yaml").write_text(own)
    (tmp_path / "edited.yaml").write_text(own.replace("Thank you, and goodbye!", "So long!"))

    first = own_cloud.parley("publish", str(tmp_path / "flow.yaml"))
    second = own_cloud.parley("publish", str(tmp_path / "edited.yaml"))
    talked = own_cloud.parley("chat", "my-own", says="\n".join(DIALOGUE))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout.split()[:2] != second.stdout.split()[:2]
    assert talked.stdout.rstrip().endswith("So long!")


def test_the_tests_beside_a_flow_go_along_and_are_held_against_it(
    own_cloud: Cloud, tmp_path: Path
) -> None:
    text = (ROOT / "examples/flows/newsletter.yaml").read_text()
    tests = (ROOT / "examples/flows/newsletter.test.yaml").read_text()
    file = tmp_path / "flow.yaml"
    file.write_text(f"{text}\nsettings: {{require_tests: true}}\n")
    (tmp_path / "flow.test.yaml").write_text(f"{tests}  - {{name: odd, steps: [{{user: 0}}]}}\n")
    unreadable = own_cloud.parley("publish", str(file))
    (tmp_path / "flow.test.yaml").write_text(tests)

    published = own_cloud.parley("publish", str(file))

    assert unreadable.returncode == 1
    assert "/tests/tests/" in unreadable.stderr
    assert published.returncode == 0, published.stderr


def test_a_flow_with_faults_is_refused_with_each_fault(own_cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    text = (ROOT / "examples/flows/order_status.yaml").read_text()
    file.write_text(text.replace("target_state: shipped}", "target_state: nowhere}"))

    refused = own_cloud.parley("publish", str(file))

    assert refused.returncode == 1
    assert "nowhere" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_second_start_is_refused_and_changes_nothing(own_cloud: Cloud) -> None:
    before = own_cloud.status()["supervisor"]

    refused = own_cloud.parley("up")

    assert (refused.returncode, own_cloud.status()["supervisor"]) == (1, before)
    assert "already up" in refused.stderr


@pytest.mark.parametrize("part", ["postgresql", "mongodb", "valkey", "ministack", "orders", "page"])
def test_a_part_that_is_killed_comes_back_and_the_conversation_goes_on(
    own_cloud: Cloud, part: str
) -> None:
    visitor, conversation_id = a_conversation(own_cloud)
    say(visitor, conversation_id, "where is my order")

    own_cloud.kill(part)
    assert wait_until(lambda: is_well(own_cloud), within_s=30)
    path = f"/conversations/{conversation_id}"
    assert wait_until(lambda: answers_again(visitor, path), within_s=30, every_s=0.2)

    assert "Parcel Post" in say(visitor, conversation_id, "AB123456")[0]
    assert visitor.get(path)["message_count"] == 6


def test_after_its_supervisor_was_killed_the_next_start_mends(own_cloud: Cloud) -> None:
    visitor, conversation_id = a_conversation(own_cloud)
    supervisor = own_cloud.status()["supervisor"]

    os.kill(supervisor, signal.SIGKILL)
    assert wait_until(lambda: own_cloud.status()["phase"] == "stopped", within_s=10)
    own_cloud.up()

    assert own_cloud.status()["supervisor"] != supervisor
    assert visitor.get(f"/conversations/{conversation_id}")["message_count"] == 1


def test_what_a_killed_supervisor_left_is_ended_and_nobody_else(own_cloud: Cloud) -> None:
    state = State.read(Places(own_cloud.home))
    part = state.parts[0]
    mine = Identity(os.getpid(), part.identity.started)
    elsewhere = State(parts=(type(part)("x", "X", 1, part.log, mine),))

    assert end_left_over(elsewhere) == []


def test_a_start_with_kept_data_is_ready_in_under_8_s_and_knows_everything(
    own_cloud: Cloud,
) -> None:
    visitor, conversation_id = a_conversation(own_cloud)
    own_cloud.parley("down")

    began = time.monotonic()
    own_cloud.up()
    took = time.monotonic() - began

    assert visitor.get(f"/conversations/{conversation_id}")["message_count"] == 1
    assert took < 8 * slowness(), f"{took:.1f} s"


def slowness() -> float:
    """How much slower this machine is now than one that has its cores to itself."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    return max(1.0, 1.5 * load / cores)


def test_stopped_it_leaves_no_process_and_says_so(own_cloud: Cloud) -> None:
    stopped = own_cloud.parley("down")
    again = own_cloud.parley("down")
    status = own_cloud.parley("status")

    assert (stopped.stdout, again.stdout) == ("Stopped.\n", "It was not up.\n")
    assert status.returncode == 3
    assert processes_of(own_cloud) == []


@pytest.mark.parametrize("command", ["deploy", "chat", "publish", "logs"])
def test_what_needs_it_up_says_how_to_start_it(tmp_path: Path, command: str) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text("name: x\n")
    arguments = [command, str(file)] if command == "publish" else [command]

    refused = Cloud(tmp_path / "home").parley(*arguments)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "parley up" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_with_servers_of_ones_own_it_starts_none(
    postgres_owner_url: str,
    redis_url: str,
    mongodb_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("PARLEY_POSTGRES_URL", postgres_owner_url)
    monkeypatch.setenv("PARLEY_REDIS_URL", redis_url)
    monkeypatch.setenv("PARLEY_MONGODB_URI", mongodb_uri)
    cloud = new_cloud(tmp_path / "home")

    try:
        cloud.up()
        visitor, conversation_id = a_conversation(cloud)
        assert set(cloud.status()["parts"]) == {"ministack", "orders", "page"}
        assert cloud.parley("deploy").returncode == 0
        assert "number" in say(visitor, conversation_id, "where is my order")[0]
    finally:
        cloud.parley("down")
