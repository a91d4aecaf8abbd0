"""Names for JSON values: what is stored, queued and traced, and nothing richer."""

from typing import Any

type Json = Any
"""Any JSON value: None, bool, int, float, str, list or dict of these."""

type JsonObject = dict[str, Any]
"""A JSON object."""
