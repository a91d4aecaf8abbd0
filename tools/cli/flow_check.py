"""`parley flow check FILE...`."""

import argparse
import json
import sys
from dataclasses import asdict

from parley.engine.check import check_flow
from tools.flows.files import line_of, neighbours, read_text
from tools.local.errors import CloudError


def run(arguments: argparse.Namespace) -> int:
    """Say every finding; 1 if a flow may not be published. What one calls may be another.

    Files of tests are left out, so that `*.yaml` means the flows.
    """
    flows = [path for path in arguments.files if not path.stem.endswith(".test")]
    if not flows:
        raise CloudError("these are files of tests: `parley flow test` runs them")
    texts = {path: read_text(path) for path in flows}
    around = neighbours(texts.values())
    found = [(path, each) for path, text in texts.items() for each in check_flow(text, around)]
    if arguments.json:
        findings = [{"file": str(path), **asdict(each)} for path, each in found]
        print(json.dumps(findings, ensure_ascii=False, indent=2))
    else:
        for path, each in found:
            print(line_of(path, each))
    errors = sum(each.severity == "error" for _, each in found)
    warnings = len(found) - errors
    print(f"{len(texts)} checked: {errors} errors, {warnings} warnings.", file=sys.stderr)
    return 1 if errors or (arguments.strict and warnings) else 0
