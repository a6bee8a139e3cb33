"""A real Dovecot on loopback with its own configuration in a temporary folder, and a mailbox in it for each test."""

from __future__ import annotations

import base64
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from listener.channels.email import Email, EmailOptions
from listener.ground import Ground

PASSWORD = "sesame-open-now"
SIGNING_KEY = b"a key of thirty-two bytes, or more of them"  # of the access tokens that this server takes
CONFIGURATION = """
protocols = imap lmtp
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
auth_mechanisms = plain login xoauth2
passdb {{
  driver = static
  args = password={password}
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  args = {folder}/oauth2.conf
  mechanisms = xoauth2
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/mail/%u allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


OAUTH = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""


@dataclass(frozen=True)
class Dovecot:
    """Where it listens."""

    imap: int
    imaps: int
    lmtp: int
    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"


@dataclass(frozen=True)
class Mailbox:
    """One user's mailbox."""

    server: Dovecot
    user: str

    def put(self, mail: EmailMessage | bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        with self.imap() as client:
            status, said = client.append(folder, None, at or datetime.now(UTC), raw.replace(b"\r\n", b"\n"))  # type: ignore[arg-type]
            assert status == "OK", said

    def imap(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.server.imap)
        client.login(self.user, PASSWORD)
        return client

    def count(self, folder: str = "INBOX", criteria: str = "ALL") -> int:
        with self.imap() as client:
            client.select(folder, readonly=True)
            return len(client.search(None, criteria)[1][0].split())

    def channel(self, kit: Ground, **more: Any) -> Email:
        given = {
            "imap_host": "127.0.0.1", "imap_port": self.server.imap, "username": self.user, "password": PASSWORD,
        }  # fmt: skip
        return Email(EmailOptions.model_validate(given | more), kit.http)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    binary = shutil.which("dovecot") or ("/usr/sbin/dovecot" if Path("/usr/sbin/dovecot").exists() else None)
    if binary is None:
        pytest.skip("dovecot is not installed (Debian: dovecot-imapd dovecot-lmtpd): no live mailbox to read")
    with open_folder("dovecot") as folder:
        yield from _running(binary, folder)


def _running(binary: str, folder: Path) -> Iterator[Dovecot]:
    (folder / "mail").mkdir()
    (folder / "mail").chmod(0o777)
    certify(folder)
    (folder / "oauth2.conf").write_text(OAUTH.format(folder=folder))
    keys = folder / "keys" / "default" / "HS256"
    keys.mkdir(parents=True)
    (keys / "default").write_text(base64.b64encode(SIGNING_KEY).decode())
    made = Dovecot(free_port(), free_port(), free_port(), folder)
    file = folder / "dovecot.conf"
    file.write_text(
        CONFIGURATION.format(folder=folder, imap=made.imap, imaps=made.imaps, lmtp=made.lmtp, **_people())
    )
    process = subprocess.Popen([binary, "-F", "-c", str(file)], stderr=subprocess.PIPE)
    try:
        await_port(made.imap, process, folder / "dovecot.log")
        yield made
    finally:
        process.terminate()
        process.wait(20)
        if process.stderr:
            process.stderr.close()


@pytest.fixture
def mailbox(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))  # its authority is itself
    return Mailbox(dovecot, f"help-{uuid.uuid4().hex[:8]}@acme.example.test")


def _people() -> dict[str, Any]:
    """As root Dovecot takes the users that Debian made for it; as anybody else everything is ours."""
    if os.geteuid() == 0:
        mail = pwd.getpwnam("mail")
        people = {"internal": "dovecot", "group": "dovecot", "login": "dovenull"}
        return people | {"owner": mail.pw_uid, "owner_group": mail.pw_gid, "password": PASSWORD}
    me = pwd.getpwuid(os.geteuid())
    people = {"internal": me.pw_name, "group": me.pw_gid, "login": me.pw_name}
    return people | {"owner": me.pw_uid, "owner_group": me.pw_gid, "password": PASSWORD}


@contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """Make a folder that the mail server's own users can enter; pytest closes its own to everybody else."""
    with tempfile.TemporaryDirectory(prefix=f"allears-{name}-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


def certify(folder: Path) -> None:
    """Write a certificate for this machine and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.acme.example.test")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            said = (process.stderr.read() if process.stderr else b"").decode("utf-8", "replace")
            raise AssertionError(f"it ended: {said} {log.read_text() if log.exists() else ''}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nothing listens on {port}: {log.read_text() if log.exists() else ''}")
