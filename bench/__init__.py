"""Measured claims: each against a peer in the same run, with a correctness check after it."""
