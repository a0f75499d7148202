"""Told and heard: our log to Kafka (relay), to tables (views), other services' facts to ours (reactions), the clock to ours (timers).

One idea in all of them: a position that moves together with its effects, by compare-and-set, held by whoever has the lease.
"""
