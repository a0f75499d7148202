"""Read models of payments: built from our own log (`VIEWS`), asked by `PaymentTables`."""

from services.payments.views.asking import PaymentFilter, PaymentTables, SuspenseFilter
from services.payments.views.writing import VIEWS

__all__ = ["VIEWS", "PaymentFilter", "PaymentTables", "SuspenseFilter"]
