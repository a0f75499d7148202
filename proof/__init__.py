"""Proof: attack the house and judge what is left. A checker that imports no service, a proxy, crash points, planted faults, chaos."""
