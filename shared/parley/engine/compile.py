"""From document to program."""

from parley.domain.flows import FlowDocument
from parley.engine.program import Program


def compile_flow(document: FlowDocument) -> Program:
    """The program of a document. Raises FlowInvalid with every error that the check finds."""
    raise NotImplementedError
