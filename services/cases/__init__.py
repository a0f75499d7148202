"""The cases service: who owes what to whom, how late, and everything that was done and said.

Owns:  Client, Portfolio, Batch (remesa), Case, and each case's access stream.
Tells: acuerdo.cases.v1 (CaseOpened, BucketChanged, DebtBalanceAdjusted …).
Hears: strategy's SegmentAssigned; payments' PaymentAllocated and AllocationReversed.
"""
