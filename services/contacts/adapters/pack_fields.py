"""Fields of a pack as written: each read strictly, and an error that names the pack, the rule and the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn, TypeVar

from services.contacts.domain.policy.facts import Window
from services.kernel.refusal import IsInvalid

T = TypeVar("T")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MINUTES_A_DAY = 1440
LISTED_MAX = 40
"""Of what would have been right: an error has its measure."""


class PackIsInvalid(IsInvalid):
    """The pack says something that no pack may say."""


class Fields:
    """A mapping whose fields are taken one by one; what is left over at the end was no field."""

    def __init__(self, said: Any, path: str, pack: str = "", rule: str = "") -> None:
        self.path, self.pack, self.rule = path, pack, rule
        if not isinstance(said, Mapping) or not all(isinstance(key, str) for key in said):
            self.refuse("", "must be a mapping with names (quote a name that YAML reads as something else)")
        self._left = dict(said)

    def refuse(self, field: str, description: str) -> NoReturn:
        path = f"{self.path}.{field}" if field and self.path else field or self.path
        whose = "/".join(name for name in (self.pack, self.rule) if name)
        raise PackIsInvalid(path, f"{whose}: {description}" if whose else description, pack=self.pack, rule=self.rule)

    def has(self, field: str) -> bool:
        return field in self._left

    def inner(self, field: str) -> Fields:
        return Fields(self.take(field), f"{self.path}.{field}" if self.path else field, self.pack, self.rule)

    def take(self, field: str) -> Any:
        if field not in self._left:
            self.refuse(field, "is missing")
        return self._left.pop(field)

    def text(self, field: str, default: str | None = None) -> str:
        if default is not None and field not in self._left:
            return default
        said = self.take(field)
        if not isinstance(said, str) or (not said.strip() and default is None):
            self.refuse(field, "must be a text (in quotes where YAML reads it as something else)")
        return said

    def one_of(self, field: str, allowed: Iterable[str], default: str | None = None) -> str:
        said, known = self.text(field, default), sorted(allowed)
        if said not in known:
            self.refuse(field, f"{said!r} {_is_none_of(known)}")
        return said

    def texts(self, field: str, allowed: Iterable[str] | None = None, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        if default is not None and field not in self._left:
            return default
        said, known = self.take(field), None if allowed is None else sorted(allowed)
        if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
            self.refuse(field, "must be a list of texts")
        for one in said:
            if known is not None and one not in known:
                self.refuse(field, f"{one!r} {_is_none_of(known)}")
        if len(set(said)) != len(said):
            self.refuse(field, "names something twice")
        return tuple(said)

    def whole(self, field: str, least: int, most: int, default: int | None = None) -> int:
        if default is not None and field not in self._left:
            return default
        said = self.take(field)
        if type(said) is not int or not least <= said <= most:
            self.refuse(field, f"must be a whole number from {least} to {most}")
        return int(said)

    def flag(self, field: str, default: bool) -> bool:
        if field not in self._left:
            return default
        said = self.take(field)
        if not isinstance(said, bool):
            self.refuse(field, "must be true or false")
        return bool(said)

    def day(self, field: str) -> date:
        said = self.take(field)
        try:
            return date.fromisoformat(str(said))
        except ValueError:
            self.refuse(field, "must be a day (2026-11-30)")

    def day_or_none(self, field: str) -> date | None:
        if self._left.get(field) is None:
            self._left.pop(field, None)
            return None
        return self.day(field)

    def instant(self, field: str) -> datetime:
        said = self.take(field)
        try:
            at = datetime.fromisoformat(str(said))
        except ValueError:
            self.refuse(field, "must be an instant (2026-11-30T12:00:00+01:00)")
        if at.tzinfo is None:
            self.refuse(field, "must say its offset from UTC")
        return at.astimezone(UTC)

    def listed(self, field: str) -> list[Any]:
        said = self.take(field)
        if not isinstance(said, list):
            self.refuse(field, "must be a list")
        return said

    def many(self, field: str, read: Callable[[Fields], T], default: list[T] | None = None) -> list[T]:
        if default is not None and field not in self._left:
            return default
        said = self.take(field)
        if not isinstance(said, list):
            self.refuse(field, "must be a list")
        path = f"{self.path}.{field}" if self.path else field
        return [read(Fields(one, f"{path}[{place}]", self.pack, self.rule)) for place, one in enumerate(said)]

    def windows(self, field: str) -> tuple[Window, ...]:
        """{mon-fri: ["09:00-21:00"], sat: […]}"""
        hours, found = self.inner(field), []
        for days, spans in list(hours._left.items()):
            hours._left.pop(days)
            if not isinstance(spans, list) or not spans:
                hours.refuse(days, "must be a list of hours, each in quotes")
            found += [Window(_weekdays(hours, days), *_minutes(hours, days, span)) for span in spans]
        if not found:
            self.refuse(field, "names no hours")
        return tuple(found)

    def nothing_else(self) -> None:
        if self._left:
            self.refuse(sorted(self._left)[0], "is not a field here")


def _is_none_of(known: list[str]) -> str:
    return f"is not one of {', '.join(known)}" if len(known) <= LISTED_MAX else "is not known here"


def _weekdays(hours: Fields, days: str) -> frozenset[int]:
    first, _, last = days.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS or _DAYS.index(last or first) < _DAYS.index(first):
        hours.refuse(days, f"must be days of the week ({', '.join(_DAYS)}; mon-fri)")
    return frozenset(range(_DAYS.index(first) + 1, _DAYS.index(last or first) + 2))


def _minutes(hours: Fields, days: str, span: Any) -> tuple[int, int]:
    found = _SPAN.fullmatch(span) if isinstance(span, str) else None
    if found is None:
        hours.refuse(days, f'{span!r} must be hours in quotes ("09:00-21:00")')
    begins, ends = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    if not begins < ends <= _MINUTES_A_DAY:
        hours.refuse(days, f"{span!r} must end after it begins, and by 24:00")
    return begins, ends
