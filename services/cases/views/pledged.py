"""Asking the read model of promises: lists of a portfolio, and what came of those that were judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PromisesAsked:
    """Which promises of a portfolio; None: not narrowed."""

    portfolio_id: UUID
    state: str | None = None
    last_day_from: date | None = None
    last_day_through: date | None = None

    def parameters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


LIST_PROMISES = Path(__file__).with_name("list_promises.sql").read_bytes()
PROMISE_RATES = Path(__file__).with_name("promise_rates.sql").read_bytes()
