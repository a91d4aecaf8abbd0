"""Zip archives of code, as Lambda takes them: the same files always give the same bytes."""

import hashlib
import io
import py_compile
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive can say (APPNOTE.TXT 4.4.6)."""
_NOT_CODE = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each file below `folder`, by its path there, in order."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not any(part in _NOT_CODE for part in file.parts):
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def fingerprint(folder: Path) -> str:
    """Changes when a file below `folder` does."""
    digest = hashlib.sha256()
    for name, content in files_of(folder):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def archive(folder: Path, *, bytecode: Path, prefix: str = "") -> bytes:
    """`folder` with its modules compiled, so that no cold start compiles them again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, content in files_of(folder):
            packed.writestr(zipfile.ZipInfo(prefix + name, _EPOCH), content)
            if name.endswith(".py"):
                compiled = _compiled(name, content, bytecode)
                packed.writestr(zipfile.ZipInfo(prefix + cache_from_source(name), _EPOCH), compiled)
    return buffer.getvalue()


def empty_archive() -> bytes:
    """A layer with nothing in it: no archive may hold no file at all."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(zipfile.ZipInfo("python/EMPTY", _EPOCH), b"")
    return buffer.getvalue()


def _compiled(name: str, content: bytes, bytecode: Path) -> bytes:
    """The module compiled, not to be checked against its source's time: unpacking changes that."""
    kept = bytecode / hashlib.sha256(name.encode() + b"\0" + content).hexdigest()
    if not kept.exists():
        bytecode.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(suffix=".py") as source:
            source.write(content)
            source.flush()
            py_compile.compile(
                source.name,
                cfile=str(kept),
                dfile=name,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
    return kept.read_bytes()
