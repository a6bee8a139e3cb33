"""The brand's mailbox in the simulated world: IMAP to read it, SMTP to answer from it, each on a port of its own.

Faults find the two by the paths /mail/imap/<command> and /mail/smtp/<command>, lower case.
"""

from __future__ import annotations

from listener.simulator.mail.imap import Imap
from listener.simulator.mail.mailbox import Mailbox
from listener.simulator.mail.smtp import Smtp

__all__ = ["Imap", "Mailbox", "Smtp"]
