"""One Dovecot and one Postfix for all tests of this folder, started when the first asks for them."""

from __future__ import annotations

from tests.listener.channels.email.dovecot_room import dovecot, mailbox
from tests.listener.channels.email.postfix_room import postfix
from tests.listener.channels.email.smtp_room import smtp

__all__ = ["dovecot", "mailbox", "postfix", "smtp"]
