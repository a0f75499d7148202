"""Loopback ports: a free one, a taken one, one that answers."""

import os
import random
import socket

LOOPBACK = "127.0.0.1"
OURS = (20_000, 32_000)
"""Below the ports that a system gives to whoever asks for any, and to outgoing connections: one of those may be taken before we listen, or
while a server is down."""
_given: set[int] = set()


def free_port() -> int:
    """A loopback TCP port nobody listens on at this moment, and nobody gets by asking for any."""
    chance = random.Random(os.urandom(8))
    while True:
        port = chance.randrange(*OURS)
        if port not in _given and is_free(port):
            _given.add(port)
            return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port; connections that linger after a stop do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_answering(port: int) -> bool:
    """Whether somebody accepts connections on this loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
