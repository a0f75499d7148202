"""The log: one ordered, append-only history per service, written by group commit.

`Log.run(origin, *changes)` is the way in for all three doors; `origins` and `units` are its words.
"""
