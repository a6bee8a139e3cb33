"""Keys of nobody, made anew for each run of the tests."""

from __future__ import annotations

import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@cache
def elliptic() -> str:
    """A key as in Apple's AuthKey_….p8."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def service_account(token_uri: str = "https://oauth2.googleapis.com/token") -> str:  # noqa: S107 - an address
    """The JSON of a Google service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "acme-reviews",
            "private_key_id": "k1",
            "private_key": pem,
            "client_email": "reviews@acme.example.test",
            "token_uri": token_uri,
        }
    )
