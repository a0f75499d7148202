"""The cases service: who owes what to whom, how late, and everything that was done and said.

Owns:  Client, Portfolio, Batch (remesa), Case and its access stream, Agent, Team.
Tells: acuerdo.cases.v1 (CaseOpened, BucketChanged, DebtBalanceAdjusted …).
Hears: strategy's SegmentAssigned; payments' PaymentAllocated and AllocationReversed.
"""
