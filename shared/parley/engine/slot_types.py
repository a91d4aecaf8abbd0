"""From what a person wrote to the value of a slot: one reader for each type."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from urllib.parse import urlsplit

from parley.domain.json import Json, JsonObject


class Refused(Exception):
    """Not a value of this slot; the message says why, for the trace."""


_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:[.,]\d{1,12})?")
_MONEY = re.compile(
    r"(?:[A-Za-z]{3}|[^\w\s.,+-])?\s*(\d{1,18}(?:[.,]\d{1,12})?)\s*(?:[A-Za-z]{3}|[^\w\s.,+-])?"
)
_EMAIL = re.compile(
    r"[^\s@<>(),;:\"\[\]\\]{1,64}@[^\s@<>(),;:\"\[\]\\.]+(?:\.[^\s@<>(),;:\"\[\]\\.]+)+"
)
_MAX_EMAIL = 254
_PHONE = re.compile(r"\+?[\d\s()./-]{3,30}")
_PHONE_DIGITS = range(5, 16)
_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_LOCATION = ("latitude", "longitude", "accuracy_meters", "address")
_COORDINATES = re.compile(r"(-?\d{1,2}(?:\.\d{1,9})?)\s*[,;]\s*(-?\d{1,3}(?:\.\d{1,9})?)")

YES = frozenset(
    {
        *("yes", "y", "yeah", "yep", "ok", "okay", "sure", "true", "correct", "right"),
        *("ja", "jo", "jawohl", "gerne", "richtig", "stimmt"),
        *("oui", "d'accord", "exact", "si", "sí", "claro", "vale", "correcto"),
        *("はい", "うん", "ええ", "そうです", "نعم", "أجل", "صحيح"),
    }
)
NO = frozenset(
    {
        *("no", "n", "nope", "false", "wrong", "nein", "nö", "ne", "falsch", "non", "faux"),
        *("いいえ", "いや", "ちがいます", "違います", "لا", "كلا"),
    }
)
"""What people answer to a question, in the languages of the built-in texts."""


def yes_or_no(text: str) -> bool | None:
    """Whether the answer is a yes or a no; None if it is neither."""
    word = text.strip().strip(".!。\uff01").casefold()
    return True if word in YES else False if word in NO else None


def _string(text: str) -> str:
    return text


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise Refused("no whole number")
    return int(text)


def _number(text: str) -> int | float:
    if _NUMBER.fullmatch(text) is None:
        raise Refused("no number")
    return _plain_number(text)


def _plain_number(text: str) -> int | float:
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


def _money(text: str) -> int | float:
    """The amount; what stands before or after it may name the currency."""
    match = _MONEY.fullmatch(text)
    if match is None:
        raise Refused("no amount of money")
    return _plain_number(match[1])


def _boolean(text: str) -> bool:
    answer = yes_or_no(text)
    if answer is None:
        raise Refused("neither yes nor no")
    return answer


def _date(text: str) -> str:
    """ISO 8601, or day, month and year as most of the world writes them."""
    match = _DAY.fullmatch(text)
    try:
        if match is not None:
            return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Refused("no date") from error


def _datetime(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Refused("no date and time") from error


def _time(text: str) -> str:
    try:
        return time.fromisoformat(text.replace(".", ":")).isoformat("minutes")
    except ValueError as error:
        raise Refused("no time of day") from error


def _email(text: str) -> str:
    if len(text) > _MAX_EMAIL or _EMAIL.fullmatch(text) is None:
        raise Refused("no e-mail address")
    return text


def _phone(text: str) -> str:
    """Digits alone, with the + it may begin with (E.164 has at most 15)."""
    digits = "".join(c for c in text if c.isdecimal())
    if _PHONE.fullmatch(text) is None or len(digits) not in _PHONE_DIGITS:
        raise Refused("no telephone number")
    return ("+" if text.startswith("+") else "") + digits


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise Refused("no address of a web page") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in text:
        raise Refused("no address of a web page")
    return text


def _location(text: str) -> JsonObject:
    match = _COORDINATES.fullmatch(text)
    if match is None:
        raise Refused("no location")
    return as_location({"latitude": float(match[1]), "longitude": float(match[2])})


READERS: Mapping[str, Callable[[str], Json]] = {
    "string": _string,
    "any": _string,
    "integer": _integer,
    "number": _number,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "location": _location,
}
"""From trimmed text, by slot type; each raises Refused. `enum` is read by its slot's own words."""


def as_location(value: Json) -> JsonObject:
    """A location as messages carry it. Raises Refused."""
    match value:
        case {"latitude": int() | float() as latitude, "longitude": int() | float() as longitude}:
            if -90 <= latitude <= 90 and -180 <= longitude <= 180:  # noqa: PLR2004 -- the globe
                return {name: value[name] for name in _LOCATION if name in value}
    raise Refused("no location")


def is_typed(kind: str, value: Json) -> bool:
    """Whether a JSON value that is not text already is a value of that slot type."""
    match kind, value:
        case "boolean", bool():
            return True
        case _, bool():
            return kind == "any"
        case "integer", int():
            return True
        case "number" | "money", int() | float():
            return True
        case "any", _:
            return value is not None
        case _:
            return False
