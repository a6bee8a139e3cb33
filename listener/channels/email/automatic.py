"""Which mails a machine wrote: they are never answered, or two machines would write to each other for ever.

RFC 3834 (Auto-Submitted, whom not to answer), RFC 2076 (Precedence), RFC 2919 (List-Id), RFC 3464 (reports).
"""

from __future__ import annotations

import re
from email.message import Message
from email.utils import parseaddr

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
        f"an automatic mail (Auto-Submitted: {said[:40]})": said not in {"", "no"},
        "a delivery report, not a person's mail": report,
        "a bounce (empty Return-Path)": value(message, "Return-Path") == "<>",
        "an automatic mail (auto-reply)": any(value(message, name) for name in _AUTO_REPLY),
        f"a mass mail (Precedence: {precedence})": precedence in _BULK,
        "a mailing list or newsletter": value(message, "List-Id") or value(message, "List-Unsubscribe"),
        "sent from an address that takes no answers": _MACHINES.match(sender),
    }
    return next((why for why, found in signs.items() if found), None)


def value(message: Message, name: str) -> str:
    """Return a header as text on one line, empty when it is missing; never raises on a broken one."""
    found = message.get(name)
    return " ".join(str(found).split()) if found is not None else ""
