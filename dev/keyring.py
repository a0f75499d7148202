"""Everything secret that a stack for development needs: keys, an issuer of tokens, tokens by role, certificates. Made once and kept.

python -m dev.keyring FOLDER        # also certificates for services that speak over a network, as in deploy/compose.yaml
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from dev.certificates import Authority
from dev.issuer import Issuer
from dev.services import SERVICES, Secrets, write_private

TENANT = "demo"
ROLES = ("operator", "supervisor", "auditor", "compliance", "agent", "system")


class Keyring:
    """Under `home`: issuer/, keys/, token and tokens/<role>, certificates/."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.issuer = Issuer(home / "issuer")
        self.secrets = Secrets(home / "keys")
        self.token_file = home / "token"
        """Holds a token for people at this machine: all their roles, for trying things out."""

    def write(self, services: Iterable[str]) -> None:
        self.secrets.write(self.issuer, services)
        write_private(self.token_file, self.issuer.token("demo", ROLES, tenant=TENANT))
        (self._home / "tokens").mkdir(mode=0o700, exist_ok=True)
        for role in ROLES:
            write_private(self._home / "tokens" / role, self.issuer.token(f"demo-{role}", [role], tenant=TENANT))

    def write_certificates(self, services: Iterable[str]) -> None:
        """One authority, and for each service a pair that is good for its name and for localhost."""
        folder = self._home / "certificates"
        authority = Authority(folder, "ca")
        for service in services:
            if not (folder / f"{service}.key").exists():
                authority.write(folder, service, names=(service, "localhost"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("one folder")
    keyring = Keyring(Path(sys.argv[1]))
    keyring.write(SERVICES)
    keyring.write_certificates(SERVICES)
