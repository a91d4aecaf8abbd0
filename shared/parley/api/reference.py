"""This API described: its OpenAPI document, and a page of it that needs nothing from elsewhere."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

JSON_DOCUMENT: dict[int, OpenAPIResponse] = {
    200: {
        "description": "The OpenAPI document.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
PAGE: dict[int, OpenAPIResponse] = {
    200: {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}}
}


@cache
def openapi_json() -> str:
    """The document, as `python -m tools.openapi` wrote it."""
    return (files("parley.api") / "openapi.json").read_text(encoding="utf-8")


@cache
def reference_page() -> str:
    """The page, with the document inside it."""
    template = (files("parley.api") / "reference.html").read_text(encoding="utf-8")
    inside_script = openapi_json().replace("<", "\\u003c")
    return template.replace("__OPENAPI__", inside_script)


@cache
def page_headers(page: str) -> dict[str, str]:
    """A policy that lets exactly this page's own script and style run, and nothing load."""
    inline = {
        kind: " ".join(
            _hash(text) for text in re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        )
        for kind in ("script", "style")
    }
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src {inline['script']}; style-src {inline['style']}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    }


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
