"""The filters of texts: an allow-list, each bounded in what it takes and in what it gives.

A filter that can grow its input works out the size first and refuses before it grows.
"""

from collections.abc import Callable, Sized
from functools import wraps
from itertools import islice
from typing import Any

from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError, FilterError
from liquid.filter import with_context

from parley.engine.liquid_formats import FORMATS
from parley.engine.masking import masked
from parley.engine.texts import MAX_OUTPUT_BYTES, percent_encoded, written_out

type Filter = Callable[..., Any]

MAX_ITEMS = 1_000
MAX_NUMBER = 10**30
_MAX_DIGITS = 12


def _bounded(name: str, function: Filter) -> Filter:
    """`function`, refusing values that are too large on either side."""

    @wraps(function)
    def bounded(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- any value Liquid has
        for argument in arguments:
            _refuse_large(name, argument)
        try:
            result = function(*arguments, **options)
        except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise FilterError(f"{name}: {error}", token=None) from error
        _refuse_large(name, result)
        return result

    return bounded


def _refuse_large(name: str, value: object) -> None:
    match value:
        case str():
            is_large = len(value) > MAX_OUTPUT_BYTES
        case bool():
            is_large = False
        case int() | float():
            is_large = not -MAX_NUMBER <= value <= MAX_NUMBER
        case Sized():
            is_large = len(value) > MAX_ITEMS
        case _:
            is_large = False
    if is_large:
        raise FilterError(f"{name}: a value is too large", token=None)


def _refuse_growth(name: str, size: int) -> None:
    if size > MAX_OUTPUT_BYTES:
        raise FilterError(f"{name}: it would grow past {MAX_OUTPUT_BYTES} bytes", token=None)


def _append(value: object, suffix: object) -> str:
    left, right = written_out(value), written_out(suffix)
    _refuse_growth("append", len(left) + len(right))
    return left + right


def _prepend(value: object, prefix: object) -> str:
    return _append(prefix, value)


def _replace(value: object, old: object, new: object = "") -> str:
    text, sought, sub = written_out(value), written_out(old), written_out(new)
    _refuse_growth("replace", len(text) + text.count(sought) * len(sub))
    return text.replace(sought, sub)


def _replace_first(value: object, old: object, new: object = "") -> str:
    text, sought, sub = written_out(value), written_out(old), written_out(new)
    _refuse_growth("replace_first", len(text) + len(sub))
    return text.replace(sought, sub, 1)


def _replace_last(value: object, old: object, new: object = "") -> str:
    text, sought, sub = written_out(value), written_out(old), written_out(new)
    _refuse_growth("replace_last", len(text) + len(sub))
    before, found, after = text.rpartition(sought) if sought else ("", "", text)
    return f"{before}{sub}{after}" if found else text


def _join(value: object, separator: object = " ") -> str:
    items = value if isinstance(value, list | tuple) else [value]
    parts, glue = [written_out(item) for item in islice(items, MAX_ITEMS)], written_out(separator)
    _refuse_growth("join", sum(map(len, parts)) + len(glue) * len(parts))
    return glue.join(parts)


def _split(value: object, separator: object = "") -> list[str]:
    text, glue = written_out(value), written_out(separator)
    _refuse_growth("split", len(text))
    if not glue:
        return list(text[: MAX_ITEMS + 1])
    return text.split(None if glue == " " else glue, MAX_ITEMS)


def _round(value: object, digits: object = 0) -> object:
    try:
        places = int(str(digits))
    except ValueError as error:
        raise FilterArgumentError(f"round: {digits!r} is no number", token=None) from error
    if not 0 <= places <= _MAX_DIGITS:
        raise FilterArgumentError(f"round: 0 to {_MAX_DIGITS} places", token=None)
    return math.round_(value, places) if places else math.round_(value)


def _default(value: object, fallback: object = "") -> object:
    is_empty = value is None or value is False or (isinstance(value, Sized) and not len(value))
    return fallback if is_empty else value


def _mask(value: object, visible: object = 4) -> str:
    """`masking.masked`."""
    return masked(value, int(str(visible)))


_ALLOWED: dict[str, Filter] = {
    "abs": math.abs_,
    "append": _append,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "capitalize": string.capitalize,
    "ceil": math.ceil,
    "compact": array.compact,
    "concat": array.concat,
    "divided_by": math.divided_by,
    "downcase": string.downcase,
    "first": lambda value: next(iter(value), None) if isinstance(value, list) else None,
    "floor": math.floor,
    "join": _join,
    "last": lambda value: value[-1] if isinstance(value, list) and value else None,
    "lstrip": string.lstrip,
    "map": array.map_,
    "mask": _mask,
    "minus": math.minus,
    "modulo": math.modulo,
    "plus": math.plus,
    "prepend": _prepend,
    "remove": string.remove,
    "remove_first": string.remove_first,
    "remove_last": string.remove_last,
    "replace": _replace,
    "replace_first": _replace_first,
    "replace_last": _replace_last,
    "reverse": array.reverse,
    "round": _round,
    "rstrip": string.rstrip,
    "size": misc.size,
    "slice": string.slice_,
    "sort": array.sort,
    "sort_natural": array.sort_natural,
    "split": _split,
    "squish": string.squish,
    "strip": string.strip,
    "strip_newlines": lambda value: written_out(value).replace("\r", "").replace("\n", ""),
    "sum": array.sum_,
    "times": math.times,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "uniq": array.uniq,
    "upcase": string.upcase,
    "url_encode": lambda value: percent_encoded(written_out(value)),
    "where": array.where,
}

FILTERS: dict[str, Filter] = {
    **{name: _bounded(name, function) for name, function in _ALLOWED.items()},
    "default": _default,
    **{name: with_context(_bounded(name, function)) for name, function in FORMATS.items()},
}
"""Every filter a text may use, by name."""
