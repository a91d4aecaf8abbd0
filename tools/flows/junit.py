"""Test results as JUnit XML, which every CI system reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A file: each test's name and what failed in it."""

    name: str
    tests: Sequence[tuple[str, Sequence[str]]]
    seconds: float


def junit(suites: Sequence[Suite]) -> str:
    """The report of all suites."""
    top = Element(
        "testsuites",
        tests=str(sum(len(suite.tests) for suite in suites)),
        failures=str(sum(_failed(suite) for suite in suites)),
    )
    for suite in suites:
        below = SubElement(
            top,
            "testsuite",
            name=_clean(suite.name),
            tests=str(len(suite.tests)),
            failures=str(_failed(suite)),
            errors="0",
            time=f"{suite.seconds:.3f}",
        )
        for name, failures in suite.tests:
            case = SubElement(below, "testcase", name=_clean(name), classname=_clean(suite.name))
            if failures:
                failure = SubElement(case, "failure", message=_clean(failures[0]))
                failure.text = _clean("\n".join(failures))
    indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(top, encoding="unicode") + "\n"


def _failed(suite: Suite) -> int:
    return sum(bool(failures) for _, failures in suite.tests)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
