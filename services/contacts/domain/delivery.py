"""Delivery: why a message did not arrive, in words that mail servers and other providers share."""

from enum import Enum


class DeliveryCause(Enum):
    """Why a message did not arrive."""

    ADDRESS_UNKNOWN = "ADDRESS_UNKNOWN"
    MAILBOX_FULL = "MAILBOX_FULL"
    MAILBOX_DISABLED = "MAILBOX_DISABLED"
    POLICY = "POLICY"
    TOO_LARGE = "TOO_LARGE"
    UNREACHABLE = "UNREACHABLE"
    TOO_LATE = "TOO_LATE"
    NOT_RENDERED = "NOT_RENDERED"
    OTHER = "OTHER"
