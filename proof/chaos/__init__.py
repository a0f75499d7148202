"""Chaos: the whole house under load, one random fault after another and several at a time, then healed and judged."""
