"""TLS: certificates from files, read again for new connections when they change, so that they rotate without a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import grpc
import structlog

from services.chassis.runtime import SettingsAreWrong

if TYPE_CHECKING:
    from services.chassis.settings import Settings

_log = structlog.get_logger("rpc")

Times = tuple[int, ...]
Fetch = Callable[[], grpc.ServerCertificateConfiguration]
"""As the stubs have it; grpc itself also takes None, for no change."""


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """None where the server speaks plaintext. With a client CA, clients without a certificate are turned away."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    files = _Files(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    try:
        first = files.configuration()
    except OSError as missing:
        raise SettingsAreWrong(f"tls files: {type(missing).__name__}") from None
    return grpc.dynamic_ssl_server_credentials(
        first, cast(Fetch, files.changed), require_client_authentication=settings.tls_client_ca is not None
    )


class _Files:
    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        self._cert, self._key, self._client_ca = cert, key, client_ca
        self._read_at: Times = ()

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        self._read_at = self._times()
        pair = (self._key.read_bytes(), self._cert.read_bytes())
        return grpc.ssl_server_certificate_configuration([pair], self._client_ca.read_bytes() if self._client_ca else None)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Called by grpc for every new connection; None: nothing has changed."""
        try:
            return self.configuration() if self._times() != self._read_at else None
        except OSError as missing:
            # A rotation half done: go on with what we have, the next connection looks again.
            self._read_at = ()
            _log.warning("certificate_not_read", exc_info=missing)
            return None

    def _times(self) -> Times:
        return tuple(path.stat().st_mtime_ns for path in (self._cert, self._key, self._client_ca) if path is not None)
