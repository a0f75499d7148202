"""Told by the clock: what falls due in contacts, and what we do then."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.heard import Timer

TIMERS: Mapping[str, Timer] = {}
