"""A real Postfix on loopback with its own configuration and queue in a temporary folder; it delivers to Dovecot."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listener.channels.email.dovecot_room import Dovecot, await_port, free_port, open_folder

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.acme.example.test
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
default_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtputf8_enable = no
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[int]:
    """Yield its port."""
    binary = shutil.which("postfix") or ("/usr/sbin/postfix" if Path("/usr/sbin/postfix").exists() else None)
    if binary is None or os.geteuid() != 0:
        pytest.skip("Postfix is not installed, or this is not root, which it insists on: no live mail server")
    with open_folder("postfix") as folder:
        yield from _running(binary, folder, dovecot)


def _running(binary: str, folder: Path, dovecot: Dovecot) -> Iterator[int]:
    for name in ("spool", "data", "etc"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    port = free_port()
    (folder / "etc/main.cf").write_text(MAIN.format(folder=folder, lmtp=dovecot.lmtp))
    (folder / "etc/master.cf").write_text(MASTER.format(port=port))
    process = subprocess.Popen(
        [binary, "-c", str(folder / "etc"), "start-fg"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        await_port(port, process, folder / "postfix.log")
        yield port
    finally:
        subprocess.run([binary, "-c", str(folder / "etc"), "stop"], check=False, capture_output=True)
        process.wait(20)
        if process.stderr:
            process.stderr.close()
