"""Keys with which a source signs for the simulated Google Play and App Store Connect: one of each a process."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ISSUER, KEY_ID = "sim-issuer", "SIMKEY1"
_RSA_BITS = 2048


@cache
def google() -> rsa.RSAPrivateKey:
    """Return the key of the service account."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


@cache
def apple() -> ec.EllipticCurvePrivateKey:
    """Return the key of App Store Connect."""
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return a key as the platforms hand it out."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
