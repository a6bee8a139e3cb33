"""E-mail against a real mailbox (Dovecot) and a mail server: nothing lost, nothing twice, answers in the thread."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import collect
from listener.channels.base import Post
from listener.channels.email import Email
from listener.db import Database
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Account, Mention, OwnPost, Source
from tests.listener.channels.email.dovecot_room import Mailbox
from tests.listener.channels.email.mail_room import add, listen, mail, posts
from tests.listener.channels.email.smtp_room import Post as Server

pytestmark = pytest.mark.service


def test_sixty_mails_are_each_heard_once_and_stay_unread(kit: Ground, mailbox: Mailbox) -> None:
    for number in range(60):
        mailbox.put(mail(number))
    pages = listen(mailbox.channel(kit))
    assert [post.id for post in posts(pages)] == [f"m{number}@example.test" for number in range(60)]
    assert not pages[-1].truncated
    assert mailbox.count(criteria="UNSEEN") == 60
    mailbox.put(mail(60))
    assert [post.id for post in posts(listen(mailbox.channel(kit), pages[-1].cursor))] == ["m60@example.test"]


def test_a_run_that_ends_early_goes_on_where_it_stopped(kit: Ground, mailbox: Mailbox) -> None:
    for number in range(70):
        mailbox.put(mail(number))
    first = listen(mailbox.channel(kit), pages=4)  # two folders share them
    assert first[-1].truncated
    second = listen(mailbox.channel(kit), first[-1].cursor, pages=40)
    assert second[0].backfilled
    assert len(posts(first)) + len(posts(second)) == 70


def test_a_folder_that_is_numbered_anew_is_read_again(kit: Ground, mailbox: Mailbox) -> None:
    mailbox.put(mail(1))
    cursor = listen(mailbox.channel(kit))[-1].cursor
    assert cursor is not None
    cursor["streams"]["INBOX"] |= {"validity": 7, "uid": 4000}
    mailbox.put(mail(2))
    assert [post.id for post in posts(listen(mailbox.channel(kit), cursor))] == [
        "m1@example.test",
        "m2@example.test",
    ]


def test_old_mail_is_left_and_a_first_run_on_an_empty_folder_begins_at_its_end(
    kit: Ground, mailbox: Mailbox
) -> None:
    mailbox.put(mail("old"), at=datetime.now(UTC) - timedelta(days=9))
    pages = listen(mailbox.channel(kit))
    assert posts(pages) == []
    mailbox.put(mail("new"))
    assert [post.id for post in posts(listen(mailbox.channel(kit), pages[-1].cursor))] == [
        "mnew@example.test"
    ]


def test_a_mail_dated_2099_does_not_blind_and_a_broken_one_hides_nobody(
    kit: Ground, mailbox: Mailbox
) -> None:
    mailbox.put(mail(1, Date="Thu, 01 Jan 2099 10:00:00 +0000"))
    mailbox.put(b"\xff\xfe not a mail at all \x00\n")
    mailbox.put(mail(2))
    pages = listen(mailbox.channel(kit))
    heard = posts(pages)
    assert heard[0].posted_at.year == 2099
    assert [post.id for post in heard[::2]] == ["m1@example.test", "m2@example.test"]
    mailbox.put(mail(3))
    assert [post.id for post in posts(listen(mailbox.channel(kit), pages[-1].cursor))] == ["m3@example.test"]


def test_a_mail_that_defeats_the_reader_is_named(
    kit: Ground, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from listener.channels.email import listening

    def defeated(raw: bytes, **more: Any) -> Post:
        if b"Broken 1" in raw:
            raise RecursionError("deep")
        return original(raw, **more)

    original = listening.post_of
    monkeypatch.setattr(listening, "post_of", defeated)
    for number in range(3):
        mailbox.put(mail(number))
    heard = posts(listen(mailbox.channel(kit)))
    assert len(heard) == 3
    assert "folder INBOX, UID 2" in heard[1].text
    said = capsys.readouterr()
    assert "mail.unreadable" in said.out + said.err


def test_what_a_colleague_sent_is_stored_as_ours_in_its_thread(
    sqlite_db: Database, kit: Ground, mailbox: Mailbox
) -> None:
    mailbox.put(mail(1, "acme is broken"))
    answer = mail("a", "We are on it.", In_Reply_To="<m1@example.test>", References="<m1@example.test>")
    mailbox.put(answer, folder="Sent")
    outcome = collect.poll(sqlite_db, kit, add(sqlite_db, kit, mailbox), force=True)
    assert (outcome.error, outcome.new, outcome.own) == (None, 1, 1)
    with sqlite_db.read() as session:
        (own,) = session.scalars(select(OwnPost))
        (mention,) = session.scalars(select(Mention))
    assert (own.parent_id, own.thread_id) == ("m1@example.test", "m1@example.test")
    assert (mention.kind, mention.addressed_to_us, mention.visibility) == ("mail", True, "direct")


def test_a_wrong_password_asks_for_a_person_once(sqlite_db: Database, kit: Ground, mailbox: Mailbox) -> None:
    source_id = add(sqlite_db, kit, mailbox, password="wrong-horse")
    for _ in range(2):
        assert collect.poll(sqlite_db, kit, source_id, force=True).error is not None
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
        account = session.scalars(select(Account)).one()
    assert row.state == "attention"
    assert (
        "wrong-horse"
        not in f"{row.error} {row.hint} {account.options} {account.secrets!r} {account.identity}"
    )


def test_check_says_who_and_names_a_folder_that_is_not_there(
    kit: Ground, mailbox: Mailbox, smtp: Server
) -> None:
    line = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=smtp.port).check()
    assert line == f"{mailbox.user}: INBOX; sent mail in Sent; answers through 127.0.0.1"
    with pytest.raises(ChannelError, match="does not open a folder"):
        mailbox.channel(kit, folders=["Nowhere"]).check()


def test_tls_from_the_first_byte_and_by_starttls(
    kit: Ground, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.put(mail(1))
    for port, security in (
        (mailbox.server.imaps, "tls"),
        (mailbox.server.imap, "starttls"),
        (mailbox.server.imap, "none"),
    ):
        channel = mailbox.channel(kit, imap_port=port, imap_security=security)
        assert [post.id for post in posts(listen(channel))] == ["m1@example.test"]
    monkeypatch.delenv("SSL_CERT_FILE")
    for port, security in ((mailbox.server.imaps, "tls"), (mailbox.server.imap, "auto")):
        with pytest.raises(ChannelError, match="certificate was not accepted"):
            mailbox.channel(kit, imap_port=port, imap_security=security).check()


def test_a_first_run_begins_at_the_hour_it_was_told(kit: Ground, mailbox: Mailbox) -> None:
    mailbox.put(mail("early"), at=datetime.now(UTC) - timedelta(hours=25))
    mailbox.put(mail("late"), at=datetime.now(UTC) - timedelta(hours=23))
    assert [post.id for post in posts(listen(mailbox.channel(kit)))] == ["mlate@example.test"]


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None])
def test_something_that_is_no_mailbox_ends_by_itself(greeting: bytes | None) -> None:
    from listener.channels.email import EmailOptions
    from listener.http import Http

    kit = Http(allow=["127.0.0.1:*"], timeout=(0.5, 0.5), deadline=2)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        given = {
            "imap_host": "127.0.0.1",
            "imap_port": server.getsockname()[1],
            "username": "a@b",
            "password": "x",
        }
        channel = Email(EmailOptions.model_validate(given), kit)
        import threading

        def answer() -> None:
            peer, _ = server.accept()
            if greeting is None:
                time.sleep(1.5)
            else:
                peer.sendall(greeting)
            peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        began = time.monotonic()
        with pytest.raises(ChannelError):
            channel.check()
        assert time.monotonic() - began < 5
        thread.join()


def test_a_mail_server_inside_the_house_must_be_named() -> None:
    from listener.channels.email import EmailOptions
    from listener.http import Http

    given = {"imap_host": "127.0.0.1", "username": "a@b", "password": "x"}
    with pytest.raises(ChannelError, match="private network"):
        Email(EmailOptions.model_validate(given), Http()).check()
