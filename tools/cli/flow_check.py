"""`parley flow check FILE...`."""

import argparse
import json
import sys
from dataclasses import asdict

from parley.engine.check import check_flow
from tools.flows.files import line_of, read_text


def run(arguments: argparse.Namespace) -> int:
    """Say every finding; 1 if a flow may not be published."""
    found = [
        (path, diagnostic) for path in arguments.files for diagnostic in check_flow(read_text(path))
    ]
    if arguments.json:
        findings = [{"file": str(path), **asdict(each)} for path, each in found]
        print(json.dumps(findings, ensure_ascii=False, indent=2))
    else:
        for path, each in found:
            print(line_of(path, each))
    errors = sum(each.severity == "error" for _, each in found)
    warnings = len(found) - errors
    flows = len(arguments.files)
    print(f"{flows} checked: {errors} errors, {warnings} warnings.", file=sys.stderr)
    return 1 if errors or (arguments.strict and warnings) else 0
