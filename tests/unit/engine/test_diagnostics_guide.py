"""The guide has a section for every code, and for no other."""

import re
from pathlib import Path

import pytest

from parley.engine.check import OUTER_RULES, RULES
from parley.engine.checks.schema import CODES
from parley.engine.formats import load
from parley.services.migrations import UNTESTED

GUIDE = Path(__file__).parents[3] / "docs/guides/diagnostics.md"
SHAPE = {*CODES.values(), "schema.value", "name.bad", "flow.unreadable"}
OTHERS = {*SHAPE, UNTESTED}
SECTIONS = dict(
    re.findall(
        r"^## (\S+ \((?:error|warning)\))\n\n(.*?)(?=^## |\Z)",
        GUIDE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
)


def test_every_code_has_a_section_with_its_severity() -> None:
    severities = {rule.code: rule.severity for rule in RULES}
    severities |= {rule.code: rule.severity for rule in OUTER_RULES}
    severities |= dict.fromkeys(OTHERS, "error")
    assert set(SECTIONS) == {f"{code} ({severity})" for code, severity in severities.items()}


@pytest.mark.parametrize("heading", sorted(SECTIONS))
def test_a_section_says_what_it_means_shows_an_example_and_how_to_mend_it(heading: str) -> None:
    section = SECTIONS[heading]
    example = re.search(r"```yaml\n(.+?)\n```", section, re.DOTALL)
    assert example is not None
    assert section.index("```yaml") > len("a sentence")
    assert re.search(r"\*\*Mend:\*\* \S.+\.$", section.strip())
    if "unreadable" not in heading:
        assert load(example[1]).value
