"""Dates and times as people say them, in their language and their time zone."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parley.domain.json import Json, JsonObject
from parley.engine.slot_types import READERS, Refused

MAX_LENGTH = 60
"""Characters of a spoken date or time; anything longer says more than that."""

_DAYS_AHEAD = {
    **dict.fromkeys(("today", "heute", "aujourd'hui", "hoy", "今日", "اليوم"), 0),
    **dict.fromkeys(("tomorrow", "morgen", "demain", "mañana", "明日", "غدا", "غدًا"), 1),
    **dict.fromkeys(("übermorgen", "après-demain", "pasado mañana", "明後日", "بعد غد"), 2),
    "day after tomorrow": 2,
}
_FILLERS = frozenset(
    {
        *("the", "of", "on", "st", "nd", "rd", "th", "next", "der", "den", "am", "dem"),
        *("le", "er", "el", "de", "del", "في", "يوم"),
    }
)
_TOKENS = re.compile(r"\d+|[^\W\d_]+")
_KANJI = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_CLOCK = re.compile(
    r"(?:at |um |à |a las |a la )?(\d{1,2})(?:\s?(?::|\.|h|時|uhr)\s?(\d{2})?)?分?"
    r"\s?(?:uhr|o'clock)?\s?([ap])?(?(3)\.?m\.?)",
    re.IGNORECASE,
)
_NOON = {
    "noon": 12,
    "mittag": 12,
    "midi": 12,
    "mediodía": 12,
    "正午": 12,
    "midnight": 0,
    "minuit": 0,
}
_HALF_DAY = 12


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the speaker is: their languages, best first, the instant, and their zone if known."""

    languages: Sequence[str]
    now: datetime
    zone: tzinfo | None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone or UTC).date()


def zone_of(*owners: JsonObject) -> tzinfo | None:
    """The `time_zone` of the first that names one that exists."""
    for owner in owners:
        name = owner.get("time_zone")
        try:
            if isinstance(name, str):
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def _date(text: str, here: Whereabouts) -> str:
    """A date to come where no year is said. Raises Refused."""
    month_first = _MONTH_FIRST.fullmatch(text) if here.languages[0] == "en-us" else None
    try:
        if month_first is not None:
            month, day, year = (int(part) for part in month_first.groups())
            return date(year, month, day).isoformat()
        return str(READERS["date"](text))
    except (Refused, ValueError):
        return _spoken_date(text, here).isoformat()


def _spoken_date(text: str, here: Whereabouts) -> date:
    said = " ".join(text.casefold().split())
    if len(said) > MAX_LENGTH:
        raise Refused("no date")
    if said in _DAYS_AHEAD:
        return here.today + timedelta(days=_DAYS_AHEAD[said])
    if kanji := _KANJI.fullmatch(said):
        numbered = [part for part in (kanji[1], kanji[3]) if part]
        found = _day_of_month([*numbered, "month"], {"month": int(kanji[2])}, here.today)
        if found is not None:
            return found
    words = [word for word in _TOKENS.findall(said) if word not in _FILLERS]
    for language in here.languages:
        months, weekdays = _names(language)
        if len(words) == 1 and words[0] in weekdays:
            ahead = (weekdays[words[0]] - here.today.weekday() - 1) % 7 + 1
            return here.today + timedelta(days=ahead)
        found = _day_of_month(words, months, here.today)
        if found is not None:
            return found
    raise Refused("no date")


def _day_of_month(words: Sequence[str], months: Mapping[str, int], today: date) -> date | None:
    """From a month's name, a day and maybe a year, in any order; None if it is nothing like it."""
    named = [months[word] for word in words if word in months]
    days = [int(word) for word in words if word.isdecimal() and len(word) <= 2]  # noqa: PLR2004 -- digits of a day
    years = [int(word) for word in words if word.isdecimal() and len(word) == 4]  # noqa: PLR2004 -- digits of a year
    if (len(named), len(days)) != (1, 1) or len(years) > 1 or len(words) != 2 + len(years):
        return None
    try:
        found = date(years[0] if years else today.year, named[0], days[0])
        return found if years or found >= today else found.replace(year=today.year + 1)
    except ValueError as error:
        raise Refused("no date") from error


@lru_cache(maxsize=32)
def _names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """The months, from 1, and the weekdays, from Monday as 0, as the language calls them."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 -- Babel costs 40 ms

    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return {}, {}
    return _by_name(locale.months), _by_name(locale.days)


def _by_name(forms: Any) -> dict[str, int]:  # noqa: ANN401 -- Babel's own, untyped
    return {
        name.casefold().rstrip("."): number
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in forms[form][width].items()
        if not name.isdigit()
    }


def _time(text: str, here: Whereabouts) -> str:
    """Raises Refused."""
    del here
    said = text.casefold().strip()
    if said in _NOON:
        return time(_NOON[said]).isoformat("minutes")
    match = _CLOCK.fullmatch(said[:MAX_LENGTH])
    if match is None:
        return str(READERS["time"](text))
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half is not None and not 0 < hour <= _HALF_DAY:
        raise Refused("no time of day")
    if half is not None:
        hour = hour % _HALF_DAY + (_HALF_DAY if half == "p" else 0)
    try:
        return time(hour, minute).isoformat("minutes")
    except ValueError as error:
        raise Refused("no time of day") from error


def _datetime(text: str, here: Whereabouts) -> str:
    """With the offset of the speaker's zone, where that is known. Raises Refused."""
    try:
        moment = datetime.fromisoformat(str(READERS["datetime"](text)))
    except Refused:
        moment = _spoken_moment(text, here)
    if moment.tzinfo is None and here.zone is not None:
        moment = moment.replace(tzinfo=here.zone)
    return moment.isoformat()


def _spoken_moment(text: str, here: Whereabouts) -> datetime:
    """A date, then a time of day."""
    words = text.replace(",", " ").split()
    for n in range(1, min(len(words), 8)):
        try:
            day = date.fromisoformat(_date(" ".join(words[:n]), here))
            return datetime.combine(day, time.fromisoformat(_time(" ".join(words[n:]), here)))
        except Refused:
            continue
    raise Refused("no date and time")


SPOKEN: Mapping[str, Callable[[str, Whereabouts], Json]] = {
    "date": _date,
    "time": _time,
    "datetime": _datetime,
}
"""From trimmed text, for the slot types that mean something else somewhere else."""
