"""A flow as text: YAML 1.2 or JSON, in and out, with the place of every value."""

from parley.domain.json import JsonObject


def load_flow(text: str) -> JsonObject:
    """The document in `text`. Raises FlowInvalid, with line and column, if it is neither."""
    raise NotImplementedError


def dump_flow(document: JsonObject) -> str:
    """The document as YAML."""
    raise NotImplementedError
