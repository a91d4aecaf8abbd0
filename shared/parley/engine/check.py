"""Everything that is wrong with a flow, before a customer meets it."""

from parley.domain.flows import Diagnostic
from parley.domain.json import JsonObject


def check_flow(source: str | JsonObject) -> list[Diagnostic]:
    """The errors and warnings of a flow, in document order; never raises, whatever `source` is.

    Lines and columns are given where `source` is text.
    """
    raise NotImplementedError
