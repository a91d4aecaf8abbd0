"""Tests that share a laptop cloud, or one `sam build`, run in one process."""

import subprocess
import sys
from pathlib import Path

MEMBERS = """
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("one")


@pytest.mark.parametrize("n", range(8))
def test_member(n):
    Path(os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_a_group_of_tests_has_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_members.py").write_text(MEMBERS)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "8 passed" in run.stdout, run.stdout
    assert len(list(tmp_path.glob("gw*"))) == 1
