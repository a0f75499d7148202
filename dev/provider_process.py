"""The sandbox provider as a child process of ours, and what payments must be told to meet it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from dev.issuer import kept_secret
from dev.listening import ListeningProcess
from dev.ports import LOOPBACK, is_answering

READY_WITHIN_SECONDS = 30.0
STOP_WITHIN_SECONDS = 10.0
NAME = "sandbox"
"""Of the provider: of its webhooks, and of the payment source under which it must be registered (kind PSP)."""


class ProviderProcess:
    """`python -m dev.provider` on `port`, telling the payments door on `web_port`. Its secret is made once and kept in `home`."""

    def __init__(self, home: Path, port: int, web_port: int) -> None:
        self._home, self._port, self._web_port = home, port, web_port
        self.process = ListeningProcess("provider", home, port, signal.SIGTERM, signal.SIGKILL)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def public_url(self) -> str:
        """What debtors' browsers call the payments door by; a link is <public_url>/pay/<token>."""
        return f"http://{LOOPBACK}:{self._web_port}"

    @property
    def secret_file(self) -> Path:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return kept_secret(self._home / "provider")

    @property
    def environment(self) -> dict[str, str]:
        """For the payments process."""
        return {
            "ACUERDO_WEB_LISTEN": f"{LOOPBACK}:{self._web_port}",
            "ACUERDO_WEB_PUBLIC_URL": self.public_url,
            # Everybody at this machine is one address.
            "ACUERDO_WEB_REQUESTS_PER_MINUTE": "100000",
            "ACUERDO_PROVIDER": NAME,
            "ACUERDO_PROVIDER_URL": self.url,
            "ACUERDO_PROVIDER_SECRET_FILE": str(self.secret_file),
        }

    def __enter__(self) -> Self:
        """Started, and listening. Payments may start before or after: orders and webhooks are tried again."""
        self.process.own()
        command = [sys.executable, "-m", "dev.provider", "--listen", f"{LOOPBACK}:{self._port}", "--secret-file", str(self.secret_file)]
        try:
            self.process.start([*command, "--webhook", f"{self.public_url}/webhooks/{NAME}"], self._is_listening, READY_WITHIN_SECONDS)
        except BaseException:
            self.process.stop(STOP_WITHIN_SECONDS)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.stop(STOP_WITHIN_SECONDS)

    def _is_listening(self) -> bool:
        return is_answering(self._port)
