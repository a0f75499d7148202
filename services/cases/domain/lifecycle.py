"""The words for a case's life: where it is, how it ended, why it began again."""

from enum import Enum


class Lifecycle(Enum):
    """Where a case is in its life. UNSPECIFIED: nowhere yet."""

    UNSPECIFIED = "UNSPECIFIED"
    REGISTERED = "REGISTERED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"


class CloseOutcome(Enum):
    """How a case ended."""

    PAID_IN_FULL = "PAID_IN_FULL"
    SETTLED = "SETTLED"
    CURED = "CURED"
    SMALL_BALANCE = "SMALL_BALANCE"
    WRITTEN_OFF = "WRITTEN_OFF"
    RECALLED_BY_CLIENT = "RECALLED_BY_CLIENT"
    SOLD = "SOLD"
    DISPUTE_UPHELD = "DISPUTE_UPHELD"
    INSOLVENCY = "INSOLVENCY"
    DECEASED_NO_ESTATE = "DECEASED_NO_ESTATE"
    TIME_BARRED = "TIME_BARRED"
    UNTRACEABLE = "UNTRACEABLE"
    DUPLICATE = "DUPLICATE"
    REGISTERED_IN_ERROR = "REGISTERED_IN_ERROR"
    NO_LEGAL_BASIS = "NO_LEGAL_BASIS"


class ReopenReason(Enum):
    """Why a closed case is active again."""

    PAYMENT_REVERSED = "PAYMENT_REVERSED"
    CLOSED_IN_ERROR = "CLOSED_IN_ERROR"
    NEW_EVIDENCE = "NEW_EVIDENCE"
    CLIENT_REQUEST = "CLIENT_REQUEST"
    GROUND_DISAPPEARED = "GROUND_DISAPPEARED"
    WITHDRAWAL_REVOKED = "WITHDRAWAL_REVOKED"
