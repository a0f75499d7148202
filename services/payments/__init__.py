"""The payments service: what was received, for whom, and how it was spread over what is owed.

Owns:  Payment, PaymentLink, AllocationLedger (one for each case), SuspenseItem, PaymentSource, Waterfall.
Tells: acuerdo.payments.v1 (PaymentReceived, PaymentAllocated, AllocationReversed, PaymentSourceCompleted …).
Hears: cases, contacts.
"""
