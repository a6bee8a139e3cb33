"""A mail as a post: charsets, HTML, attachments, broken headers; who wrote it, what it answers, who is not answered."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from listener.channels.base import Post
from listener.channels.email.posts import Ours, post_of
from listener.channels.email.sending import is_ours, message_id
from listener.collect.door import cleaned, packed

ARRIVED = datetime(2026, 11, 25, 8, tzinfo=UTC)
OURS = Ours("help@acme.example.test", lambda number: is_ours("sesame", number))


def read(raw: bytes | str, **more: bool) -> Post:
    return post_of(raw.encode() if isinstance(raw, str) else raw, arrived=ARRIVED, ours=OURS, **more)


def test_a_plain_mail() -> None:
    post = read(
        "From: =?utf-8?B?15DXk9ed?= <Ada@Example.test>\r\n"
        "Reply-To: second@example.test\r\nMessage-ID: <m2@example.test>\r\n"
        "References: <m0@example.test> broken <m1@example.test>\r\nIn-Reply-To: <m1@example.test>\r\n"
        "Subject: =?iso-8859-1?Q?Caf=E9_is?=\r\n =?iso-8859-1?Q?_dead?=\r\n"
        "Date: Tue, 24 Nov 2026 10:00:00 +0200\r\n\r\n"
        "Hello\r\n"
    )
    assert post.author is not None
    assert (post.author.id, post.author.name) == ("ada@example.test", "אדם")
    assert (post.id, post.parent_id, post.thread_id) == (
        "m2@example.test",
        "m1@example.test",
        "m0@example.test",
    )
    assert (post.title, post.text) == ("Café is dead", "Hello")
    assert post.posted_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert post.extra["answer_to"] == "second@example.test"
    assert (post.kind, post.visibility, post.addressed_to_us, post.own) == ("mail", "direct", True, False)


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "שלום 👩‍👩‍👧"), ("koi8-r", "Привет"), ("windows-1251", "Привет"), ("iso-8859-8-i", "שלום"),
        ("shift_jis", "こんにちは"), ("gb2312", "你好"), ("utf-16", "hello"), ("no-such-charset", "été"), ("", "été"),
    ],
)  # fmt: skip
def test_charsets(charset: str, text: str) -> None:
    encoding = charset.removesuffix("-i") if charset and charset != "no-such-charset" else "utf-8"
    kind = f'text/plain; charset="{charset}"' if charset else "text/plain"
    head = f"From: a@example.test\nContent-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n"
    assert read(head.encode() + text.encode(encoding)).text == text


def test_raw_bytes_in_headers_and_wrong_encodings_are_read_as_well_as_they_go() -> None:
    post = read("From: Zoë <zoe@example.test>\nSubject: Die Box ist üble\n\nhä".encode("latin-1"))
    assert (post.title, post.text) == ("Die Box ist üble", "hä")
    post = read(
        "From: a@example.test\nSubject: =?bad?X?zz?= =?utf-8?B?!!!?=\nContent-Transfer-Encoding: 9bit\n\nstill here"
    )
    assert post.text == "still here"


def test_html_only_becomes_text_and_its_history_is_kept_apart() -> None:
    mail = EmailMessage()
    mail["From"] = "a@example.test"
    mail.set_content(
        '<p>It is <b>dead</b> &amp; cold</p><div class="gmail_quote">On Monday<blockquote>Try again</blockquote></div>'
        "<script>alert(1)</script>",
        subtype="html",
    )
    post = read(mail.as_bytes())
    assert post.text == "It is dead & cold"
    assert "Try again" in (post.parent_text or "")


def test_both_versions_count_once_and_attachments_are_named() -> None:
    mail = EmailMessage()
    mail["From"] = "a@example.test"
    mail.set_content("plain words\n\n-- \nAda")
    mail.add_alternative("<p>html words</p>", subtype="html")
    mail.add_attachment(b"%PDF" * 100, maintype="application", subtype="pdf", filename="счёт.pdf")
    post = read(mail.as_bytes())
    assert (post.text, post.extra["signature"]) == ("plain words", "-- \nAda")
    ((name, kind),) = [(item["name"], item["content_type"]) for item in post.media]
    assert (name, kind) == ("счёт.pdf", "application/pdf")
    assert post.raw is not None
    assert "-- " in post.raw["text"]  # the original is kept


def test_flowed_lines_are_joined() -> None:
    head = "From: a@example.test\nContent-Type: text/plain; format=flowed\n\n"
    assert read(f"{head}It is dead \nand cold.\n\nYours").text == "It is dead and cold.\n\nYours"


def test_without_a_message_id_the_same_mail_is_the_same_post() -> None:
    assert read("From: a@example.test\n\nx").id == read("From: a@example.test\n\nx").id
    assert read("From: a@example.test\n\nx").id != read("From: a@example.test\n\ny").id


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <news.example.test>", "X-Autoreply: yes",
        "Return-Path: <>", "Reply-To: noreply@example.test", "X-Failed-Recipients: bob@example.test",
        "Content-Type: multipart/report; boundary=x",
    ],
)  # fmt: skip
def test_machines_are_recognised(header: str) -> None:
    post = read(f"From: a@example.test\n{header}\n\nhello")
    assert post.extra["automatic"]
    assert not post.addressed_to_us


def test_a_person_is_not_taken_for_a_machine() -> None:
    post = read("From: norepliega@example.test\nAuto-Submitted: no\nPrecedence: normal\n\nhello")
    assert post.extra["automatic"] is None


def test_only_our_own_id_makes_a_mail_ours() -> None:
    number = message_id("sesame", "k1", "help@acme.example.test")
    head = "From: help@acme.example.test\nMessage-ID: <{}>\n\nx"
    assert read(head.format(number)).own
    assert not read(head.format(number.replace("allears.", "allears.0", 1))).own
    assert not read(head.format("x@acme.example.test")).own
    assert not read(f"From: eve@example.test\nMessage-ID: <{number}>\n\nx").own
    assert read("From: anybody@example.test\n\nx", sent=True).own


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\x00" * 100, b"\xff" * 10_000, b"Content-Type: multipart/mixed\n\nx"]
)
def test_nonsense_is_a_post_all_the_same(raw: bytes) -> None:
    post = cleaned(read(raw))
    assert post.id
    packed(post.raw)


def test_many_parts_within_parts_end() -> None:
    raw = b"x"
    for number in range(60):
        line = b"b%d" % number
        raw = b'Content-Type: multipart/mixed; boundary="%s"\n\n--%s\n%s\n--%s--\n' % (line, line, raw, line)
    assert cleaned(read(raw))


def test_recorded_mails(recorded: Path) -> None:
    """Mails that broke somebody's reader once: each is a post that can be stored."""
    files = sorted((recorded / "email").glob("*.eml"))
    if not files:
        pytest.skip("no recorded mails there")
    for file in files:
        post = cleaned(read(file.read_bytes()))
        packed(post.raw)
        assert post.id, file.name
        assert post.text or post.title or post.media or "missing" in file.name, file.name
    by_name = {file.name: read(file.read_bytes()) for file in files}
    assert by_name["multi_charset__japanese_shift_jis.eml"].text.startswith("あいうえお")
    assert by_name["plain_emails__raw_email_string_in_date_field.eml"].text.startswith("대부분의")
    assert by_name["rfc6532__utf8_headers.eml"].title == "Säying Hello"
    assert [item["name"] for item in by_name["attachment_emails__attachment_only_email.eml"].media] == [
        "blah.gz"
    ]
    for name in by_name:
        if name.startswith("multipart_report"):
            assert by_name[name].extra["automatic"], name


def test_recorded_history_bounce_and_auto_reply(recorded: Path) -> None:
    folder = recorded / "email_chatwoot"
    if not folder.is_dir():
        pytest.skip("no recorded support mails there")
    quote = read((folder / "mail_with_quote.eml").read_bytes())
    assert quote.text == "Yes, I am providing you step how to reproduce this issue"
    assert "Any update on this?" in (quote.parent_text or "")
    assert read((folder / "bounced_gmail.eml").read_bytes()).extra["automatic"]
    reply = read((folder / "autoreply_arabic_base64.eml").read_bytes())
    assert reply.extra["automatic"]
    assert reply.title == "أهلين عميلنا الكريم"
