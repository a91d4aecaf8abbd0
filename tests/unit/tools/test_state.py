"""What runs is read back as it was written, and believed only while its supervisor lives."""

import os
from dataclasses import replace
from pathlib import Path

from tools.local.places import Places, read_json, write_json
from tools.local.processes import Identity
from tools.local.state import PartState, Phase, State

ME = Identity.of(os.getpid())


def a_state() -> State:
    part = PartState("valkey", "Valkey 9", 6379, Path("/tmp/valkey.log"), ME, restarts=2)  # noqa: S108 -- a name
    return State(Phase.READY, ME, (part,), {"page": "http://127.0.0.1:8400"})


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    places = Places(tmp_path)
    a_state().write(places)

    assert State.read(places) == a_state()


def test_without_its_supervisor_it_is_stopped_and_its_parts_are_left_over(tmp_path: Path) -> None:
    places = Places(tmp_path)
    gone = Identity(ME.pid, ME.started - 3600)
    replace(a_state(), supervisor=gone).write(places)

    state = State.read(places)

    assert state.phase is Phase.STOPPED
    assert [part.name for part in state.left_over()] == ["valkey"]


def test_a_part_whose_number_went_to_another_process_is_not_left_over() -> None:
    (part,) = a_state().parts
    reused = replace(part, identity=Identity(ME.pid, ME.started - 3600))

    assert State(parts=(reused,)).left_over() == []


def test_a_laptop_cloud_that_never_ran_is_stopped(tmp_path: Path) -> None:
    assert State.read(Places(tmp_path)) == State()


def test_only_its_user_may_read_what_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    write_json(file, {"password": "a"})

    assert file.stat().st_mode & 0o077 == 0
    assert read_json(file) == {"password": "a"}
    assert list(tmp_path.iterdir()) == [file]
