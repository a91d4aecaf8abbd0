"""Filters that write times, numbers and money as people of a language do, through Babel."""

import re
from datetime import UTC, datetime, time, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from liquid.exceptions import FilterArgumentError

from parley.engine.expressions import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from babel import Locale
    from liquid import RenderContext

LANGUAGES = "$languages"
"""What the scope calls the languages to try: a name that no text can write."""

_WIDTHS = ("short", "medium", "long", "full")
_DIRECTIVE = re.compile(r"%(-?[aAbBdHIjmMpSyYZ%])?", re.ASCII)
_MAX_PATTERN = 100


def _locale(context: "RenderContext") -> "Locale":
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 -- Babel costs 40 ms

    for language in context.resolve(LANGUAGES, default=()):
        try:
            return Locale.parse(language, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def _zone(context: "RenderContext") -> tzinfo:
    for owner in ("user", "tenant"):
        name = (context.resolve(owner, default=None) or {}).get("time_zone")
        try:
            if isinstance(name, str):
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return UTC


def _moment(value: object, zone: tzinfo) -> datetime:
    try:
        text = str(value)
        moment = instant(text)
    except ValueError as error:
        raise FilterArgumentError(f"{value!r} is no time", token=None) from error
    is_day = len(text) == len("2026-01-31")
    return moment.replace(tzinfo=zone) if is_day else moment.astimezone(zone)


def _strftime(moment: datetime, pattern: str) -> str:
    """The usual directives, without the widths that let a pattern grow its output."""

    def directive(match: re.Match[str]) -> str:
        found = match[1]
        if found is None:
            raise FilterArgumentError("date: unknown directive after %", token=None)
        if found.startswith("-"):
            return moment.strftime("%" + found[1:]).lstrip("0") or "0"
        return moment.strftime("%" + found)

    return _DIRECTIVE.sub(directive, pattern)


def _written(
    format_it: "Callable[..., str]", moment: datetime, pattern: str, locale: "Locale"
) -> str:
    if len(pattern) > _MAX_PATTERN:
        raise FilterArgumentError(f"a pattern has at most {_MAX_PATTERN} characters", token=None)
    if "%" in pattern:
        return _strftime(moment, pattern)
    if pattern not in _WIDTHS:
        raise FilterArgumentError(f"{pattern!r} is none of {', '.join(_WIDTHS)}", token=None)
    return format_it(moment, pattern, locale=locale)


def _date(value: object, pattern: str = "medium", *, context: "RenderContext") -> str:
    from babel.dates import format_date  # noqa: PLC0415 -- as above

    return _written(format_date, _moment(value, _zone(context)), pattern, _locale(context))


def _time(value: object, pattern: str = "short", *, context: "RenderContext") -> str:
    from babel.dates import format_time  # noqa: PLC0415 -- as above

    try:
        moment: Any = time.fromisoformat(str(value))
    except ValueError:
        moment = _moment(value, _zone(context)).time()
    if "%" in pattern:
        moment = datetime.combine(datetime(2000, 1, 1, tzinfo=UTC), moment)
    return _written(format_time, moment, pattern, _locale(context))


def _datetime(value: object, pattern: str = "medium", *, context: "RenderContext") -> str:
    from babel.dates import format_datetime  # noqa: PLC0415 -- as above

    zone = _zone(context)

    def format_it(moment: datetime, width: str, *, locale: "Locale") -> str:
        return format_datetime(moment, width, tzinfo=zone, locale=locale)

    return _written(format_it, _moment(value, zone), pattern, _locale(context))


def _number(value: object, *, context: "RenderContext") -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415 -- as above

    return format_decimal(_amount(value), locale=_locale(context))


def _currency(value: object, code: str = "EUR", *, context: "RenderContext") -> str:
    from babel.numbers import format_currency  # noqa: PLC0415 -- as above

    return format_currency(_amount(value), code, locale=_locale(context))


def _amount(value: object) -> float:
    try:
        return float(str(value))
    except ValueError as error:
        raise FilterArgumentError(f"{value!r} is no number", token=None) from error


FORMATS: dict[str, "Callable[..., str]"] = {
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "number": _number,
    "currency": _currency,
}
