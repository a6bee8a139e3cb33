"""Which mails a machine wrote: they are never answered, or two machines would write to each other for ever.

RFC 3834 (Auto-Submitted, whom not to answer), RFC 2076 (Precedence), RFC 2919 (List-Id), RFC 3464 (reports).
"""

from __future__ import annotations

import re
from email.message import Message
from email.utils import parseaddr

from listener.said import mark

_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_MACHINES = re.compile(
    r"^(?:mailer-daemon|postmaster|mdaemon|bounces?|noreply|no-reply|no_reply|donotreply|do-not-reply|"
    r"nepasrepondre|ne-pas-repondre)(?:[+=._-].*)?@",
    re.IGNORECASE,
)
_AUTO_REPLY = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")


def why_automatic(message: Message) -> str | None:
    """Return why this mail must not be answered, or None for one that a person wrote to us."""
    said = value(message, "Auto-Submitted").partition(";")[0].lower()
    precedence = value(message, "Precedence").lower()
    sender = parseaddr(value(message, "Reply-To") or value(message, "From"))[1]
    report = message.get_content_type() == "multipart/report" or value(message, "X-Failed-Recipients")
    signs = {
        mark("an automatic mail (Auto-Submitted: %(said)s)", said=said[:40]): said not in {"", "no"},
        mark("a delivery report, not a person's mail"): report,
        mark("a bounce (empty Return-Path)"): value(message, "Return-Path") == "<>",
        mark("an automatic mail (auto-reply)"): any(value(message, name) for name in _AUTO_REPLY),
        mark("a mass mail (Precedence: %(said)s)", said=precedence): precedence in _BULK,
        mark("a mailing list or newsletter"): value(message, "List-Id") or value(message, "List-Unsubscribe"),
        mark("sent from an address that takes no answers"): _MACHINES.match(sender),
    }
    return next((why for why, found in signs.items() if found), None)


def value(message: Message, name: str) -> str:
    """Return a header as text on one line, empty when it is missing; never raises on a broken one."""
    found = message.get(name)
    return " ".join(str(found).split()) if found is not None else ""
