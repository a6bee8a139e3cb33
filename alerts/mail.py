"""The way to the mail server: one message, one try, and an honest answer about what became of it.

Nothing is repeated here and nothing is stored: `alerts.outgoing` keeps the state of a row and decides about retries.
A message body passes through and is never logged.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import make_msgid, parseaddr
from typing import Final

from alerts.errors import AlertsError
from alerts.settings import MailSettings

TLS_PORT: Final = 465
READY_FOR_DATA: Final = 354
PERMANENT: Final = 500
MAX_LINE: Final = 990  # RFC 5322 2.1.1 allows 998
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailError(AlertsError):
    """A mail that was not handed over, or of which nobody knows (`unsure`).

    `permanent`: the server will never take it (5xx), do not try again. `unsure`: the connection broke after the whole
    message was sent and before the server answered; it may have arrived, so it must not be sent again blindly.
    """

    def __init__(self, message: str, *, permanent: bool = False, unsure: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.unsure = unsure


def address(name: str, email: str) -> Address:
    """Return a header address. A name cannot break out of its header: control and bidi characters are dropped.

    Raises MailError (permanent) when `email` is not one address.
    """
    clean = CONTROLS.sub("", email).strip()
    local, _, domain = clean.rpartition("@")
    message = f"{clean!r} is not an e-mail address: correct it on the People page"
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", clean):
        raise MailError(message, permanent=True)
    try:
        host = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        return Address(display_name=" ".join(CONTROLS.sub(" ", name).split()), username=local, domain=host)
    except (ValueError, IndexError, MessageError) as error:
        raise MailError(message, permanent=True) from error


def serialised(message: EmailMessage, *, utf8: bool = False) -> bytes:
    """Return the message as it goes over the wire (RFC 5322).

    Headers are not folded below the standard's hard limit: Python would encode a long address in List-Unsubscribe
    as if it were words, and no mail program could follow it.
    """
    return message.as_bytes(policy=(SMTPUTF8 if utf8 else SMTP).clone(max_line_length=MAX_LINE))


class Mailer:
    """Sends messages by the settings of `[mail]`; holds no connection between two messages."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings

    @property
    def configured(self) -> bool:
        """False while no server is set: nothing is sent then, and the panel says so."""
        return bool(self.settings.host)

    @property
    def sender(self) -> Address:
        """Who the mails are from. Raises MailError when `mail.sender` is not an address."""
        return address(*parseaddr(self.settings.sender))

    def new_message_id(self) -> str:
        """Return a fresh Message-ID of the sender's domain."""
        return make_msgid(domain=self.sender.domain or "localhost")

    def check(self) -> str:
        """Connect and log in without sending; return what was found. Raises MailError."""
        with self._session() as smtp:
            self._command(smtp.noop())
            return f"{self.settings.host}:{self.settings.port} answers{' over TLS' if _is_encrypted(smtp) else ''}"

    def send(self, message: EmailMessage) -> None:
        """Hand one message for one recipient to the server. Raises MailError saying whether to try again."""
        recipients = [entry.addr_spec for entry in message["To"].addresses]
        with self._session() as smtp:
            plain = all(recipient.isascii() for recipient in recipients)
            if not plain and not smtp.has_extn("smtputf8"):
                text = "the mail server cannot take addresses outside ASCII (no SMTPUTF8)"
                raise MailError(text, permanent=True)
            body = serialised(message, utf8=not plain)
            options = () if plain else ("SMTPUTF8", "BODY=8BITMIME")
            self._hand_over(smtp, self.sender.addr_spec, recipients, body, options)

    def _hand_over(
        self, smtp: smtplib.SMTP, sender: str, recipients: list[str], body: bytes, options: tuple[str, ...]
    ) -> None:
        # smtplib's own sendmail() cannot tell "never sent" from "sent, and the answer was lost"; the steps can.
        try:
            self._command(smtp.mail(sender, options))
            for recipient in recipients:
                self._command(smtp.rcpt(recipient))
            self._command(smtp.docmd("DATA"), wanted=READY_FOR_DATA)
            stuffed = re.sub(rb"(?m)^\.", b"..", body)
            smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
            smtp.send(b".\r\n")
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(self._explain(error)) from error
        try:
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            text = f"{self._where}: the connection broke after the whole mail was sent; it may have arrived"
            raise MailError(text, unsure=True) from error
        self._command(answer)

    def _session(self) -> smtplib.SMTP:
        if not self.settings.host:
            text = "no mail server is set: set ALLEARS_MAIL__HOST (and __PORT, __USERNAME, __PASSWORD)"
            raise MailError(text)
        try:
            smtp = self._connect(self.settings.host)
        except ssl.SSLError as error:
            text = f"{self._where}: TLS failed ({error.reason or error}); check mail.security and the certificate"
            raise MailError(text) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(self._explain(error)) from error
        try:
            self._secure(smtp)
        except (smtplib.SMTPException, OSError, MailError) as error:
            smtp.close()
            # A refused log-in is our set-up, not this reader's address: it is tried again once that is mended.
            raise error if isinstance(error, MailError) else MailError(self._explain(error)) from error
        return smtp

    def _connect(self, host: str) -> smtplib.SMTP:
        name = self.sender.domain or "localhost"  # given, because smtplib would ask the DNS for one
        security, port, timeout = self.settings.security, self.settings.port, self.settings.timeout
        if security == "tls" or (security == "auto" and port == TLS_PORT):
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=timeout, context=context)
        return smtplib.SMTP(host, port, local_hostname=name, timeout=timeout)

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        wanted = self.settings.security
        if not _is_encrypted(smtp) and (
            wanted == "starttls" or (wanted == "auto" and smtp.has_extn("starttls"))
        ):
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        if self.settings.username is None:
            return
        if not _is_encrypted(smtp) and wanted != "none" and self.settings.host not in LOOPBACK:
            text = (
                f"{self._where} offers no encryption, so the password was not sent; "
                "set mail.security = none to allow it"
            )
            raise MailError(text)
        password = self.settings.password
        smtp.login(self.settings.username, password.get_secret_value() if password else "")

    def _command(self, answer: tuple[int, bytes], *, wanted: int = 0) -> None:
        code, text = answer
        if code == wanted or (not wanted and 200 <= code < 300):  # noqa: PLR2004 - RFC 5321 4.2.1: 2xx = done
            return
        said = CONTROLS.sub(" ", text.decode("utf-8", "replace"))[:200]
        message = f"{self._where} refused the mail: {code} {said}"
        raise MailError(message, permanent=code >= PERMANENT)

    @property
    def _where(self) -> str:
        return f"mail server {self.settings.host}:{self.settings.port}"

    def _explain(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return (
                f"{self._where} refused the log-in ({error.smtp_code}): check mail.username and mail.password"
            )
        if isinstance(error, smtplib.SMTPResponseException):
            said = error.smtp_error
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
            return f"{self._where}: {error.smtp_code} {CONTROLS.sub(' ', text)[:200]}"
        text = CONTROLS.sub(" ", str(error))[:200] or type(error).__name__
        return f"{self._where} cannot be reached or broke off: {text}"


def _is_encrypted(smtp: smtplib.SMTP) -> bool:
    return isinstance(smtp.sock, ssl.SSLSocket)
