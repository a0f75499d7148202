"""What can be asked of payments: the two rpc services."""

from services.payments.api.payments import PaymentsApi

__all__ = ["PaymentsApi"]
