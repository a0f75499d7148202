"""Logs: one JSON object a line on standard error, only declared fields, no text of any exception."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from services.chassis.telemetry.fields import allowed
from services.chassis.telemetry.tracing import current_traceparent

Line = MutableMapping[str, Any]


def configure(level: str = "INFO") -> None:
    """Send our own lines and those of the libraries through the same net. Called once, at process start."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # Looked up for each line: whoever replaces standard error (a test, a supervisor) gets the lines.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.root.handlers[:] = [_Libraries()]
    logging.root.setLevel(max(number, logging.WARNING))


class _Libraries(logging.Handler):
    """Lines of libraries: the template of the message and the type of the error. Their arguments may hold row values and stay here."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(record.levelno, str(record.msg), logger=record.name, exc_info=record.exc_info or None)


def without_texts_of_errors(_: Any, __: str, line: Line) -> Line:
    """An exception becomes its type, its SQLSTATE or gRPC code, and the place in our code: its text may hold a person's data."""
    failed = line.pop("exc_info", None)
    if failed is True:
        failed = sys.exc_info()
    if isinstance(failed, tuple):
        failed = failed[1]
    if isinstance(failed, BaseException):
        line["error_type"] = type(failed).__qualname__
        line["error_code"] = getattr(failed, "sqlstate", None)
        frames = traceback.extract_tb(failed.__traceback__)
        line["error_at"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return line


def with_trace(_: Any, __: str, line: Line) -> Line:
    traceparent = current_traceparent()
    if traceparent:
        line.setdefault("traceparent", traceparent)
    return line


def only_allowed(_: Any, __: str, line: Line) -> Line:
    return allowed(line)


def _short(path: str) -> str:
    return path.rsplit("site-packages/", 1)[-1] if "site-packages/" in path else "/".join(path.rsplit("/", 3)[-3:])


SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_texts_of_errors,
    with_trace,
    only_allowed,
)
