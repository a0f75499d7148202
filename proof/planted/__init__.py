"""Planted faults: the house with one thing wrong in it, and the test or the invariant that must notice."""
