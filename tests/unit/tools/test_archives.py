"""Code is packed for Lambda alike each time, compiled, and without what is no code."""

import importlib.util
import io
import marshal
import zipfile
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType

from tools.local.archives import archive, empty_archive, fingerprint


def a_project(folder: Path) -> Path:
    (folder / "shop" / "__pycache__").mkdir(parents=True)
    (folder / "shop" / "orders.py").write_text("STATUS = 'shipped'\n")
    (folder / "shop" / "texts.json").write_text("{}")
    (folder / "shop" / "__pycache__" / "stale.pyc").write_bytes(b"old")
    return folder


def names_in(packed: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(packed)).namelist()


def test_an_archive_has_every_file_and_each_module_compiled(tmp_path: Path) -> None:
    packed = archive(a_project(tmp_path / "in"), bytecode=tmp_path / "kept", prefix="python/")

    assert names_in(packed) == [
        "python/shop/orders.py",
        "python/" + cache_from_source("shop/orders.py"),
        "python/shop/texts.json",
    ]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    first = archive(a_project(tmp_path / "a"), bytecode=tmp_path / "kept")
    second = archive(a_project(tmp_path / "b"), bytecode=tmp_path / "kept of another")

    assert first == second


def test_a_compiled_module_is_the_module_and_is_not_checked_against_a_time(tmp_path: Path) -> None:
    packed = archive(a_project(tmp_path / "in"), bytecode=tmp_path / "kept")
    compiled = zipfile.ZipFile(io.BytesIO(packed)).read(cache_from_source("shop/orders.py"))

    magic, flags, code = compiled[:4], int.from_bytes(compiled[4:8], "little"), compiled[16:]
    module = marshal.loads(code)  # noqa: S302 -- made above
    assert isinstance(module, CodeType)
    assert (magic, flags) == (importlib.util.MAGIC_NUMBER, 0b01)
    assert (module.co_filename, "shipped" in module.co_consts) == ("shop/orders.py", True)


def test_an_edit_changes_the_fingerprint_and_compiled_leftovers_do_not(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    before = fingerprint(project)

    (project / "shop" / "__pycache__" / "stale.pyc").write_bytes(b"other")
    assert fingerprint(project) == before

    (project / "shop" / "orders.py").write_text("STATUS = 'lost'\n")
    assert fingerprint(project) != before


def test_an_empty_layer_is_still_an_archive() -> None:
    assert names_in(empty_archive()) == ["python/EMPTY"]
