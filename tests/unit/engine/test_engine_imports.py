import subprocess
import sys
from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared"
HEAVY = ("liquid", "babel", "ruamel", "google.protobuf", "re2", "jmespath", "dateutil")


def test_the_engine_loads_what_a_flow_uses_and_no_more() -> None:
    script = (
        "import sys\n"
        "import parley.engine.turn, parley.engine.compile\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ran = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(SHARED)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "[]"
