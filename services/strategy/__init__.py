"""The strategy service: what to do next for each case, by versioned tables, and why.

Owns:  SegmentTables (one for each tenant), Treatment (one for each case).
Tells: acuerdo.strategy.v1 (SegmentTablePublished, SegmentAssigned …).
Hears: cases' CaseRegistered, CaseOpened, BucketChanged, DebtBalanceAdjusted, BalanceReported …
"""
