"""Measured claims: each against a peer in the same run, with a correctness check after it."""

import os

# Our child processes are others' programs: grpc has nothing to mend after a fork, and says so on every one.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
