"""What can be asked of payments: the two rpc services."""

from services.payments.api.links import LinksApi, new_token
from services.payments.api.payments import PaymentsApi

__all__ = ["LinksApi", "PaymentsApi", "new_token"]
