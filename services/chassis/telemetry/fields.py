"""What may leave the process in a log line or a span: declared names only, and a second net over their values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

ALLOWED = frozenset(
    {
        # the line itself
        *("event", "level", "logger", "timestamp"),
        # who and what, by opaque ids
        *("tenant_id", "subject", "roles", "method", "code", "reason", "request_id", "correlation_id", "traceparent", "incident_id"),
        *("service", "part", "parts", "follower", "source", "stream_id", "key", "type_name", "version", "purpose", "command_id"),
        # where
        *("epoch", "partition", "position", "from_position", "to_position", "offset", "address", "topic", "shard"),
        # how much, how long
        *("units", "events", "seconds", "count", "lag", "attempts", "waiting", "limit", "late_seconds", "queue", "scope"),
        # what went wrong: types, codes and places in our code; never an exception's text
        *("error_type", "error_code", "error_at", "finding", "is_sensitive", "outcome", "fields_dropped", "table", "view", "timer_key"),
    }
)
"""A name that is missing here is dropped and counted. Add names of opaque ids, numbers and codes only."""

dropped: Counter[str] = Counter()
"""Names dropped since the start, and redactions by kind (`redacted:email`): bounded, for the metrics."""

_DROPPED_NAMES_MAX = 200

_PATTERNS = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("pan", re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")),
    ("phone", re.compile(r"(?<![\w-])(?:\+\d[\d ().-]{7,16}\d|[6789]\d{2}[ .]?\d{3}[ .]?\d{3})(?![\w-])")),
    ("national_id", re.compile(r"\b(?:\d{8}|[XYZ]\d{7})[A-HJ-NP-TV-Z]\b")),
)


def allowed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose names are declared, their texts redacted."""
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        if name in ALLOWED:
            kept[name] = redacted(value)
        elif value is not None:
            _count(name)
            kept["fields_dropped"] = kept.get("fields_dropped", 0) + 1
    return kept


def redacted(value: Any) -> Any:
    """The value with whatever looks like a person's data taken out. Numbers and flags pass; other objects become their text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    text = str(value)
    for kind, pattern in _PATTERNS:
        text, found = pattern.subn(f"[redacted:{kind}]", text)
        if found:
            _count(f"redacted:{kind}", found)
    return text


def _count(name: str, by: int = 1) -> None:
    dropped[name if name in dropped or len(dropped) < _DROPPED_NAMES_MAX else "other"] += by
