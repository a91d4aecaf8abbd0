"""The console's own tests, run by its own runner; `make console` installs what they need."""

import json
import os
import subprocess
from pathlib import Path

from tools.local.places import ROOT

CONSOLE = ROOT / "console"


def test_the_console_s_own_tests_pass(tmp_path: Path) -> None:
    assert (CONSOLE / "node_modules").exists(), "the console is not installed: run `make console`"
    report = tmp_path / "report.json"

    ran = subprocess.run(  # noqa: S603 -- our own command
        ["npm", "test", "--silent", "--", "--reporter=json", f"--outputFile={report}"],  # noqa: S607 -- the machine's npm, or its wheel's
        cwd=CONSOLE,
        env={**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert report.exists(), ran.stdout + ran.stderr
    tests = [
        test
        for file in json.loads(report.read_text())["testResults"]
        for test in file["assertionResults"]
    ]
    failed = [
        (test["fullName"], test["failureMessages"]) for test in tests if test["status"] != "passed"
    ]
    assert failed == []
    assert len(tests) > 200
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_console_s_lock_names_packages_by_hash_and_no_place_to_fetch_them_from() -> None:
    packages = json.loads((CONSOLE / "package-lock.json").read_text())["packages"]
    named = {name: package for name, package in packages.items() if name}

    assert {name for name, package in named.items() if "resolved" in package} == set()
    assert {name for name, package in named.items() if "integrity" not in package} == set()
