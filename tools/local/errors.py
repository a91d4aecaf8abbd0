"""What can go wrong on a laptop, said so that the reader knows what to do next."""

from pathlib import Path


class CloudError(Exception):
    """An expected failure: shown as one line and its remedy, never as a traceback."""

    def __init__(self, what: str, *, log: Path | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.log = log
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.what]
        if self.log is not None:
            lines.append(f"  its log: {self.log}")
        if self.remedy is not None:
            lines.append(f"  what to do: {self.remedy}")
        return "\n".join(lines)


class PartFailed(CloudError):
    """A part did not start, or stopped answering."""

    def __init__(self, what: str, log: Path, remedy: str | None = None) -> None:
        super().__init__(
            what,
            log=log,
            remedy=remedy or "read the end of that log; `parley reset` starts from nothing",
        )
