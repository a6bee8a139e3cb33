"""Cuts what a mail repeats: the history below an answer and the signature. Pure functions on text.

A score shall read what the customer says now, not what we wrote last week. Nothing is thrown away here: the caller
keeps the parts. When nothing of the customer's own would be left (a forwarded mail), the whole text counts as theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_HEAD = 300  # characters of "On … wrote:", which mail programs break over lines
_WROTE = (
    "wrote|writes|a écrit|schrieb|escribió|escreveu|ha scritto|schreef|napisał|написал|написала|пишет|пише|"
    "כתב|כתבה|כתב/ה"
)
# "On Mon, 2 Nov 2026 at 10:00, Ada <ada@example.test> wrote:": a date or an address must stand before the verb
_ATTRIBUTION = re.compile(
    rf"^(?!>)(?=[^\n]*[\d@<])[^\n]{{0,{_LONGEST_HEAD}}}(?:\n(?!>)[^\n]{{0,{_LONGEST_HEAD}}}){{0,2}}?"
    rf"(?:{_WROTE})\b[^\n]{{0,80}}:[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^[ \t>]*-{2,}[ \t]*(?:original message|original appointment|forwarded message|message d'origine|"
    r"message transféré|ursprüngliche nachricht|mensaje original|messaggio originale|исходное сообщение|"
    r"пересылаемое сообщение|пересланное сообщение|הודעה מקורית|הודעה שהועברה)[ \t]*-{2,}[ \t]*$"
    r"|^[ \t]*_{20,}[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
# Outlook repeats the headers without any line before them: at least a sender and a second header
_HEADERS = re.compile(
    r"^[ \t*]*(?:from|de|von|da|от|מאת)[ \t*]?:[^\n]*\n(?:[ \t]*\n)?"
    r"[ \t*]*(?:sent|date|to|envoyé|à|gesendet|datum|an|enviado|para|inviato|a|отправлено|дата|кому|נשלח|אל)[ \t*]?:",
    re.MULTILINE | re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^--[ \t\u00a0]?$", re.MULTILINE
)  # RFC 3676 4.3, and what loses its blank on the way
_DEVICE = re.compile(
    r"^[ \t]*(?:sent from (?:my|mail for|outlook|yahoo)|get outlook for|envoyé de(?:puis)? mon|"
    r"von meinem .{1,30} gesendet|enviado (?:desde|do) m|inviato da|отправлено с|נשלח מה)[^\n]{0,80}$",  # noqa: RUF001
    re.MULTILINE | re.IGNORECASE,
)
_HTML_HISTORY = re.compile(
    r"<(?:blockquote[^>]*(?:type=[\"']?cite|gmail_quote)|"
    r"div[^>]*(?:gmail_quote|yahoo_quoted|protonmail_quote|moz-cite-prefix)"
    r"|div[^>]*id=[\"']?(?:appendonsend|divRplyFwdMsg|x_divRplyFwdMsg|mail-editor-reference-message-container)"
    r"|hr[^>]*(?:id=[\"']?stopSpelling|tabindex=[\"']?-1))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A mail's text in three: what is said now, what is repeated, how it is signed."""

    text: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> Parts:
    """Return the parts of a plain text. `text` is empty only when the mail is."""
    text = text.replace("\r\n", "\n").strip()
    at = min(
        (found.start() for found in (_DIVIDER.search(text), _HEADERS.search(text)) if found),
        default=len(text),
    )
    above, below = text[:at], text[at:].strip()
    said, repeated = _unquoted(above)
    said, signature = _unsigned(said)
    if not said:  # only a forwarded mail, or only quoted lines: that is what the customer wants to say
        return Parts(text)
    quoted = "\n\n".join(part for part in (repeated, below) if part)
    return Parts(said, quoted, signature)


def split_html(html: str) -> tuple[str, str]:
    """Return (what is said now, what is repeated) of an HTML body, by the marks that mail programs leave."""
    found = _HTML_HISTORY.search(html)
    return (html[: found.start()], html[found.start() :]) if found else (html, "")


def _unquoted(text: str) -> tuple[str, str]:
    """Take out the lines that begin with ">" and the line that introduces them; answers between them stay."""
    kept: list[str] = []
    taken: list[str] = []
    found = _attribution(text)
    if found is not None:
        head, rest = text[: found[0]], text[found[1] :]
        marked = any(line.lstrip().startswith(">") for line in rest.splitlines())
        if not marked and "@" in found[2]:
            return head.strip(), text[found[0] :].strip()  # history without marks: all that follows is old
        if marked:  # without marks and address it may be the customer's own sentence
            text = head + rest
            taken.append(found[2])
    for line in text.split("\n"):
        (taken if line.lstrip().startswith(">") else kept).append(line)
    quoted = "\n".join(re.sub(r"^[ \t]*(?:>[ \t]?)+", "", line) for line in taken).strip()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip(), quoted


def _attribution(text: str) -> tuple[int, int, str] | None:
    found = _ATTRIBUTION.search(text)
    return (found.start(), found.end(), found.group()) if found else None


def _unsigned(text: str) -> tuple[str, str]:
    cuts = [found.start() for found in (_SIGNATURE.search(text), _DEVICE.search(text)) if found]
    if not cuts:
        return text, ""
    at = min(cuts)
    said, signature = text[:at].strip(), text[at:].strip()
    return (said, signature) if said else (text, "")
