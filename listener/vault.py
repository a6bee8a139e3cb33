"""Secrets at rest: sealed with Fernet (AES-128-CBC + HMAC-SHA256), opened only where a channel is made.

The key file holds one key a line; the first seals, all of them open, so a new first line rotates. Losing the file
means entering every credential again, and nothing here writes a secret to a log.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from listener import log
from listener.errors import ListenerError

_SHOWN = 4  # characters of a long secret that may be shown, enough to tell two apart


class VaultError(ListenerError):
    """A key file or a sealed secret that cannot be used; the text says what to do."""


class Vault:
    """Seals and opens small dictionaries of secrets."""

    def __init__(self, keys: Sequence[bytes], *, origin: str = "the key file") -> None:
        """Take url-safe base64 keys of 32 bytes, newest first; `origin` is named in errors. Raises VaultError."""
        self._origin = origin
        if not keys:
            message = (
                f"{origin} holds no key. Restore it from your backup, or delete it to start with a new key"
            )
            raise VaultError(message)
        fernets = []
        for number, key in enumerate(keys, start=1):
            try:
                fernets.append(Fernet(key))
            except (ValueError, TypeError) as error:
                message = (
                    f"Key {number} in {origin} is damaged (32 bytes in url-safe base64 expected). "
                    "Restore the file from your backup"
                )
                raise VaultError(message) from error
        self._fernet = MultiFernet(fernets)

    @classmethod
    def open(cls, path: Path) -> Vault:
        """Read the key file, or make it (mode 0600) when it is missing. Raises VaultError."""
        try:
            if not path.exists():
                _create(path)
            data = path.read_bytes()
            mode = path.stat().st_mode
        except OSError as error:
            message = (
                f"The key file {path} cannot be used: {error.strerror}. Check the folder and its permissions"
            )
            raise VaultError(message) from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            log.get(__name__).warning("vault.key_file_open_to_others", path=str(path), mode=oct(mode & 0o777))
        return cls(data.split(), origin=str(path))

    def seal(self, secrets: Mapping[str, str]) -> str:
        """Encrypt under the first key."""
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode()).decode("ascii")

    def unseal(self, sealed: str) -> dict[str, str]:
        """Decrypt what any of the keys sealed. Raises VaultError."""
        try:
            opened = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise VaultError(self._cannot_open()) from error
        if not isinstance(opened, dict):
            raise VaultError(self._cannot_open())
        return {str(name): str(value) for name, value in opened.items()}

    def rotate(self, sealed: str) -> str:
        """Seal again under the first key. Raises VaultError."""
        try:
            return self._fernet.rotate(sealed.encode()).decode("ascii")
        except InvalidToken as error:
            raise VaultError(self._cannot_open()) from error

    def _cannot_open(self) -> str:
        return (
            f"A stored secret was not sealed with a key of {self._origin}, or it is damaged. "
            "Put the key it was sealed with back on a line of its own, or enter the credentials again"
        )


def mask(secret: str) -> str:
    """Return what may be shown of a secret: dots, and the last four characters of a long one."""
    if not secret:
        return ""
    return "••••" + (secret[-_SHOWN:] if len(secret) >= _SHOWN * 4 else "")


def _create(path: Path) -> None:
    """Make the key file so that no reader ever sees half of it; of two processes at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()
