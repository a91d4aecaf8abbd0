#!/usr/bin/env python3
"""Leaves out of the dependencies layer what no function of Parley imports.

`python3 prune.py <folder>`, after the packages were installed into it. Everything left out is named
here with its reason; tests/deployment/test_sam.py imports every handler from what is left.
"""

import shutil
import sys
from pathlib import Path

LANGUAGES = frozenset({"en", "de", "fr", "es", "ja", "ar"})
"""Languages offered, with the territories of each (`de_AT`); Babel's `root` is under all."""

UNUSED = (
    "bin",  # command lines
    "bazel-project",  # how a wheel was built
    "alembic",  # migrations are run from outside
    "mako",
    "cel_expr_python/ext",  # extensions: each brings a CEL runtime of its own; none is used
    "sqlalchemy/testing",
    "sqlalchemy/dialects/mssql",  # PostgreSQL is the one dialect spoken
    "sqlalchemy/dialects/mysql",
    "sqlalchemy/dialects/oracle",
    "pycparser",  # cffi needs it to build, not to run
    "requirements.txt",
)
"""Paths below the layer."""
DEVELOPMENT = (
    "**/tests",
    "**/test",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.c",
    "**/*.h",
    "**/*.proto",
)
"""Tests and sources: nothing imports them."""


def prune(site: Path) -> None:
    """Remove what is named above; what is not there was left out before."""
    for name in UNUSED:
        remove(site / name)
    for pattern in DEVELOPMENT:
        for found in sorted(site.glob(pattern)):
            remove(found)
    for locale in (site / "babel" / "locale-data").glob("*.dat"):
        if locale.stem.partition("_")[0] not in LANGUAGES | {"root"}:
            remove(locale)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
