"""Reading a request's body: an object of strict JSON, or where and why it is none."""

import base64

from parley.domain.errors import Fault, Invalid
from parley.domain.json import JsonObject
from parley.domain.strict_json import NotJson, read_json

MAX_BODY_BYTES = 256 * 1024


class MalformedBody(Invalid):
    """The body is not the JSON it should be (400)."""

    code = 2002


class BodyTooLarge(Invalid):
    """More bytes than are read (413)."""

    code = 2005

    def __init__(self) -> None:
        most = f"at most {MAX_BODY_BYTES // 1024} KB"
        super().__init__(f"a body has {most}", [Fault("", f"must have {most}")])


class MediaTypeUnsupported(Invalid):
    """The body is something else than JSON (415)."""

    code = 2006

    def __init__(self) -> None:
        wanted = "must be application/json"
        super().__init__(f"the Content-Type {wanted}", [Fault("/headers/content-type", wanted)])


def body_text(body: str | None, *, is_base64: bool, content_type: str) -> str:
    """The body as text, "" where there is none.

    Raises BodyTooLarge, MediaTypeUnsupported, or MalformedBody if it is not UTF-8.
    """
    if not body:
        return ""
    try:
        raw = base64.b64decode(body, validate=True) if is_base64 else body.encode()
        if len(raw) > MAX_BODY_BYTES:
            raise BodyTooLarge
        text = raw.decode()
    except ValueError as error:
        fault = Fault("", "is not UTF-8")
        raise MalformedBody("the body is not text in UTF-8", [fault]) from error
    if content_type.partition(";")[0].strip().lower() not in {"", "application/json"}:
        raise MediaTypeUnsupported
    return text


def read_object(text: str) -> JsonObject:
    """The JSON object that a body holds. Raises MalformedBody with at most 20 faults."""
    try:
        value = read_json(text)
    except NotJson as error:
        why = f"the body is not JSON that can be taken: {error}"
        raise MalformedBody(why, error.faults) from error
    if isinstance(value, dict):
        return value
    raise MalformedBody("the body is not an object", [Fault("", "must be an object")])
