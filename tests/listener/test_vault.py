"""Secrets: sealed, opened, rotated, and what is said when they cannot be."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from listener.vault import Vault, VaultError, mask

SECRETS = {"access_token": "t0ken-of-Alice", "clé": "מפתח"}


def test_what_is_sealed_is_opened_and_not_readable(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "key")
    sealed = vault.seal(SECRETS)
    assert "t0ken" not in sealed
    assert vault.unseal(sealed) == SECRETS


def test_the_key_file_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    sealed = Vault.open(path).seal(SECRETS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault.open(path).unseal(sealed) == SECRETS
    assert [p.name for p in path.parent.iterdir()] == ["key"]


def test_many_first_uses_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path, start = tmp_path / "key", threading.Barrier(8)
    vaults: list[Vault] = []

    def first_use() -> None:
        start.wait()
        vaults.append(Vault.open(path))

    threads = [threading.Thread(target=first_use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = vaults[0].seal(SECRETS)
    assert [vault.unseal(sealed) for vault in vaults] == [SECRETS] * 8


def test_rotation_seals_under_the_first_key_and_then_the_old_one_may_go(tmp_path: Path) -> None:
    path = tmp_path / "key"
    old = Vault.open(path).seal(SECRETS)
    new_key = Fernet.generate_key()
    path.write_bytes(new_key + b"\n" + path.read_bytes())
    both = Vault.open(path)
    assert both.unseal(old) == SECRETS
    rotated = both.rotate(old)
    assert Vault([new_key]).unseal(rotated) == SECRETS
    with pytest.raises(VaultError):
        Vault([new_key]).unseal(old)


@pytest.mark.parametrize("damage", ["", "x", "gAAAA", "\u00e9"])
def test_a_damaged_secret_says_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "key"
    with pytest.raises(VaultError, match=r"enter the credentials again") as caught:
        Vault.open(path).unseal(damage)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "holds no key"), (b"abc\n", "Key 1"), (b"\xff\xfe\x00", "Key 1")]
)
def test_a_damaged_key_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(VaultError, match=said) as caught:
        Vault.open(path)
    assert str(path) in str(caught.value)
    assert "Restore" in str(caught.value)


def test_a_key_file_that_is_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be used"):
        Vault.open(tmp_path)


def test_masks_show_little() -> None:
    assert mask("") == ""
    assert mask("short-token") == "••••"
    assert mask("a-long-token-of-1234") == "••••1234"
