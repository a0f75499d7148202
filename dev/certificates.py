"""A certificate authority for development: a key under `home`, certificates that serve and identify a service. Never in production."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dev.issuer import write_whole

LIFE = dt.timedelta(days=365)
HERE = "127.0.0.1"


class Authority:
    """Made once and kept in `home` as <name>.crt and <name>.key."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self.certificate = home / f"{name}.crt"
        """What others trust (PEM)."""
        kept = home / f"{name}.key"
        if kept.exists():
            key = serialization.load_pem_private_key(kept.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError(f"{kept.name} holds another kind of key")
            self._key = key
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        write_whole(kept, _private(self._key))
        write_whole(self.certificate, _pem(self._sign(name, self._key, names=None)), mode=0o644)

    @property
    def pem(self) -> bytes:
        return self.certificate.read_bytes()

    def write(self, folder: Path, name: str, names: Sequence[str] = ()) -> tuple[Path, Path]:
        """A certificate with its key for 127.0.0.1 and `names`, new each time: (<name>.crt, <name>.key) in `folder`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = folder / f"{name}.crt", folder / f"{name}.key"
        # The key last: whoever watches for a new pair takes both together.
        write_whole(certificate, _pem(self._sign(name, key, names)), mode=0o644)
        write_whole(private, _private(key))
        return certificate, private

    def _sign(self, subject: str, key: ec.EllipticCurvePrivateKey, names: Sequence[str] | None) -> x509.Certificate:
        """`names` None: the authority's own."""
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(subject))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + LIFE)
            .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        )
        if names is not None:
            places: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(HERE)), *(x509.DNSName(each) for each in names)]
            both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = builder.add_extension(x509.SubjectAlternativeName(places), critical=False).add_extension(both, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
