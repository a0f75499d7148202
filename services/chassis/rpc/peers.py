"""Peers: channels to our other services, for gap repair, with the service's own token."""

from __future__ import annotations

from pathlib import Path

import grpc
import grpc.aio

from services.chassis.runtime import SettingsAreWrong
from services.chassis.settings import Settings, is_loopback

KEEPALIVE_EVERY_SECONDS = 30
ANSWER_BYTES_MAX = 4 * 1024 * 1024
RECONNECT_SECONDS_MAX = 2
"""gRPC's own pause grows to two minutes: so long would a gap stay open after its source is back."""


def peer_channel(settings: Settings, name: str) -> grpc.aio.Channel:
    """A channel to the service of that name; SettingsAreWrong where the settings do not say where it is, or where it would go in clear."""
    address = settings.peers.get(name)
    if address is None:
        raise SettingsAreWrong(f"peers: {name} is missing")
    options = [
        ("grpc.keepalive_time_ms", KEEPALIVE_EVERY_SECONDS * 1000),
        ("grpc.max_receive_message_length", ANSWER_BYTES_MAX),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_SECONDS_MAX * 1000),
    ]
    if settings.peer_ca is None:
        if not (is_loopback(address) or settings.plaintext):
            raise SettingsAreWrong(f"peers: {name} is not loopback: give peer_ca (or say plaintext, behind an encrypting mesh)")
        return grpc.aio.insecure_channel(address, options=options)
    try:
        ours = (None, None) if settings.tls_cert is None or settings.tls_key is None else (settings.tls_key, settings.tls_cert)
        key, chain = (None if path is None else path.read_bytes() for path in ours)
        credentials = grpc.ssl_channel_credentials(settings.peer_ca.read_bytes(), key, chain)
    except OSError as missing:
        raise SettingsAreWrong(f"peer certificates: {type(missing).__name__}") from None
    return grpc.aio.secure_channel(address, credentials, options=options)


class PeerToken:
    """The service's own token, from a file that an agent renews: read again when it changes. `GrpcReplays(channel, PeerToken(path))`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._token = ""

    def __call__(self) -> str:
        changed_at = self._path.stat().st_mtime_ns
        if changed_at != self._read_at:
            self._token, self._read_at = self._path.read_text().strip(), changed_at
        return self._token
