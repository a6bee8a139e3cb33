"""Answering by SMTP, once, and finding out afterwards whether an unclear hand-over arrived.

The Message-ID follows from the reply's key, and the same transaction that carries the mail to the customer carries a
copy to our own mailbox: a mail whose hand-over broke off after the body is there, under its id, or was never taken.
RFC 5321 (a 2xx after the body is the only acceptance), RFC 5322 3.6.4 (In-Reply-To, References).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import TYPE_CHECKING

from listener.channels.base import Absent, Attempt, Post, Sent, Unsure
from listener.channels.email.wires import Smtp, clock, may_stay_plain, security
from listener.errors import ChannelError

if TYPE_CHECKING:
    from listener.channels.email import Email

UNDER_WAY = timedelta(minutes=15)  # a copy of ours may still be in the server's queue for this long
_ANSWERED = re.compile(r"^\s*(?:re|aw|sv|antw|rif|r|отв|ответ|השב|תגובה)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ID = re.compile(r"allears\.([0-9a-f]{32})\.([0-9a-f]{16})@")
_PLAIN_ID = re.compile(r"[!-;=?-~]+")
_MAX_LINE = 990  # Python would encode a long id as if it were words; RFC 5322 2.1.1 allows 998
_PERMANENT = 500


def message_id(secret: str, key: str, address: str) -> str:
    """Return the Message-ID (without brackets) of the reply with this key."""
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"allears.{name}.{_mac(secret, name)}@{_domain(address)}"


def is_ours(secret: str, number: str) -> bool:
    """Say whether we made a Message-ID: anybody can write our address into From, nobody else can sign this."""
    found = _ID.match(number)
    return found is not None and hmac.compare_digest(found.group(2), _mac(secret, found.group(1)))


def composed(channel: Email, to: Post, text: str, *, key: str) -> EmailMessage:
    """Return the mail. Raises ChannelError (permanent) when the customer's address cannot be written to."""
    options = channel.options
    mail = EmailMessage(policy=SMTP.clone(max_line_length=_MAX_LINE))
    mail["From"] = _mailbox(options.sender_name, channel.address)
    mail["To"] = _mailbox(str(to.extra.get("answer_name") or ""), str(to.extra.get("answer_to") or ""))
    subject = " ".join(_CONTROLS.sub(" ", str(to.extra.get("subject") or to.title or "")).split())
    mail["Subject"] = subject if _ANSWERED.match(subject) else f"Re: {subject}".strip()
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message_id(channel.secret, key, channel.address)}>"
    parent = str(to.extra.get("message_id") or "")
    if _PLAIN_ID.fullmatch(parent):
        mail["In-Reply-To"] = f"<{parent}>"
        thread = [one for one in (to.extra.get("references") or []) if _PLAIN_ID.fullmatch(str(one))]
        mail["References"] = " ".join(f"<{one}>" for one in [*thread, parent])
    mail.set_content(text.replace("\r\n", "\n") + "\n")
    return mail


def send(channel: Email, to: Post, text: str, *, key: str) -> Sent:
    """Hand the answer over, once. Raises ChannelError; `delivered` and `permanent` say what is known of it."""
    mail = composed(channel, to, text, key=key)
    customer = mail["To"].addresses[0].addr_spec
    plain = customer.isascii()
    with session(channel) as smtp:
        if not plain and not smtp.has_extn("smtputf8"):
            message = "the mail server cannot write to addresses outside ASCII (no SMTPUTF8)"
            raise ChannelError(message, permanent=True, delivered=False)
        body = mail.as_bytes(policy=(SMTP if plain else SMTPUTF8).clone(max_line_length=_MAX_LINE))
        _taken(channel, smtp.mail(channel.address, [] if plain else ["SMTPUTF8", "BODY=8BITMIME"]))
        _taken(channel, smtp.rcpt(customer))
        if channel.options.copy_to_self:
            smtp.rcpt(channel.address)  # a server that refuses it still takes the mail to the customer
        _hand_over(channel, smtp, body)
    return Sent(id=message_id(channel.secret, key, channel.address), at=datetime.now(UTC))


def find(channel: Email, attempt: Attempt) -> Sent | Absent | Unsure:
    """Look for our mail in the inbox (the copy) and in the folder of sent mail, by its Message-ID."""
    wanted = message_id(channel.secret, attempt.key, channel.address)
    try:
        with channel.mailbox() as box:
            sent = channel.options.sent_folder or box.sent_folder()
            for folder in dict.fromkeys(["INBOX", *([sent] if sent else [])]):
                box.open(folder)
                if box.with_id(wanted):
                    return Sent(id=wanted)
    except ChannelError as error:
        return Unsure(str(error))
    if not channel.options.copy_to_self:
        return Unsure(
            "no copy of answers comes to the mailbox (copy_to_self is off): ask the mail server's log"
        )
    if datetime.now(UTC) - attempt.since < UNDER_WAY:
        return Unsure("the copy has not arrived yet; it may still be in the mail server's queue")
    return Absent()


@contextmanager
def session(channel: Email) -> Iterator[smtplib.SMTP]:
    """Connect, encrypt, log in. Raises ChannelError (`delivered` false: nothing was handed over yet)."""
    options = channel.options
    host, port = options.smtp_host or "", options.smtp_port
    wanted = security("smtp", port, options.smtp_security)
    smtp: Smtp | None = None
    try:
        smtp = Smtp(channel.http, host, port, tls=wanted == "tls")
        with clock(channel.http, smtp.sock):
            smtp.ehlo()
            _log_in(channel, smtp, wanted)
            yield smtp
    except ChannelError:
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise ChannelError(
            f"{host}:{port} refused the log-in ({error.smtp_code})",
            permanent=True, attention=True, delivered=False,
            hint="Check username and password; large providers want an app password.",
        ) from error  # fmt: skip
    except smtplib.SMTPResponseException as error:
        raise _refused(channel, error.smtp_code, error.smtp_error) from error
    except ssl.SSLCertVerificationError as error:
        message = f"{host}:{port}: the TLS certificate was not accepted"
        hint = "Check smtp_host; for a private authority set SSL_CERT_FILE."
        raise ChannelError(message, delivered=False, hint=hint) from error
    except (OSError, smtplib.SMTPException) as error:
        message = f"{host}:{port} cannot be reached or broke off ({type(error).__name__})"
        raise ChannelError(message, delivered=False, hint="It is tried again by itself.") from error
    finally:
        if smtp is not None:
            smtp.close()


def _log_in(channel: Email, smtp: smtplib.SMTP, wanted: str) -> None:
    options = channel.options
    encrypted = wanted == "tls"
    if wanted == "starttls" and smtp.has_extn("starttls"):
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()
        encrypted = True
    if not smtp.has_extn("auth"):
        return  # a relay that knows us by our address
    if not encrypted and not may_stay_plain(options.smtp_host or "", options.smtp_security):
        message = f"{options.smtp_host} offers no encryption, so the password was not sent"
        raise ChannelError(
            message, permanent=True, delivered=False, hint="Use port 465 or 587, or smtp_security=none."
        )
    who = channel.login()
    if not who.token:
        smtp.login(who.username, who.password)
        return
    try:  # a server that refuses tells why in a challenge, which is answered by nothing
        smtp.auth("XOAUTH2", lambda challenge=None: who.xoauth2 if challenge is None else "")
    except smtplib.SMTPAuthenticationError:
        who.refused()
        raise


def _hand_over(channel: Email, smtp: smtplib.SMTP, body: bytes) -> None:
    try:
        answer = smtp.data(body)
    except smtplib.SMTPDataError as error:  # instead of 354: the body was not sent
        raise _refused(channel, error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        message = f"{channel.options.smtp_host} broke off while it took the mail; it may have been accepted"
        raise ChannelError(message) from error
    _taken(channel, answer)


def _taken(channel: Email, answer: tuple[int, bytes]) -> None:
    if not 200 <= answer[0] < 300:  # noqa: PLR2004 - RFC 5321 4.2.1: 2xx = done
        raise _refused(channel, *answer)


def _refused(channel: Email, code: int, text: bytes | str) -> ChannelError:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return ChannelError(
        f"{channel.options.smtp_host} refused the mail: {code} {_CONTROLS.sub(' ', said)[:200]}",
        permanent=code >= _PERMANENT,
        delivered=False,
        status=code,
    )


def _mailbox(name: str, address: str) -> Address:
    try:
        return Address(" ".join(_CONTROLS.sub(" ", name).split())[:100], addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        message = "the customer's address cannot be written to"
        raise ChannelError(
            message, permanent=True, delivered=False, hint="Answer from the mail program."
        ) from error


def _mac(secret: str, name: str) -> str:
    return hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:16]


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    return domain if domain.isascii() and domain else "localhost"
