"""`parley flow graph FILE`."""

import argparse
import sys

from tools.flows.diagram import diagram, mermaid
from tools.flows.files import read_flow
from tools.flows.svg import svg
from tools.local.errors import CloudError


def run(arguments: argparse.Namespace) -> int:
    """Draw the flow."""
    document = read_flow(arguments.file).document
    picture = diagram(document)
    text = svg(picture, document.name) if arguments.svg else mermaid(picture)
    if arguments.output is None:
        sys.stdout.write(text)
        return 0
    try:
        arguments.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CloudError(f"cannot write {arguments.output}: {error}") from None
    return 0
