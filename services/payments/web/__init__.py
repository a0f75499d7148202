"""The HTTP door of payments: the page behind a payment link, and the webhooks of payment providers."""

from services.payments.web.opening import opened
from services.payments.web.settings import DoorSettings

__all__ = ["DoorSettings", "opened"]
