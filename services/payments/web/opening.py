"""The HTTP door, built: its provider, its pages and its webhooks."""

from __future__ import annotations

from services.chassis.clock import RealClock
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.part import Part
from services.payments.adapters.provider import SignedProvider
from services.payments.web.door import Door
from services.payments.web.paying import Paying
from services.payments.web.settings import DoorSettings
from services.payments.web.webhooks import Webhooks

_clock = RealClock()


def opened(log: Log, settings: DoorSettings, payload_key: bytes) -> list[Part]:
    """Nothing where no address is given: then no link can be paid in this process."""
    if settings.web_listen is None:
        return []
    provider = SignedProvider(settings.provider, settings.provider_url, settings.provider_secret, real_seconds)
    paying = Paying(log, provider, new_id, f"{settings.web_public_url}/paid")
    return [Door(settings, provider, paying, Webhooks(log, provider, payload_key))]


def real_seconds() -> int:
    """Unix seconds, for signatures: they never follow a development clock."""
    return int(_clock.now().timestamp())
