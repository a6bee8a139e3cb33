"""E-mail against a real mailbox (Dovecot) and a mail server: nothing lost, nothing twice, answers in the thread."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Listen, Page, Post, ReplyMode, Sent, Unsure
from listener.channels.email import Email
from listener.db import Database, now
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Account, Mention, OwnPost, Source
from tests.listener.channels.email.dovecot_room import PASSWORD, Mailbox, dovecot, mailbox
from tests.listener.channels.email.postfix_room import postfix
from tests.listener.channels.email.smtp_room import Post as Server
from tests.listener.channels.email.smtp_room import smtp
from tests.listener.rooms import ground

__all__ = ["dovecot", "mailbox", "postfix", "smtp"]
pytestmark = [
    pytest.mark.service,
    pytest.mark.filterwarnings(
        "ignore:Requiring AUTH while not requiring TLS"
    ),  # on loopback there is no TLS
]
DAY = timedelta(days=1)


def mail(number: int | str, text: str = "My box is broken", **headers: str) -> EmailMessage:
    made = EmailMessage()
    given = {
        "From": "Ada Ray <ada@example.test>", "To": "help@acme.example.test", "Subject": f"Broken {number}",
        "Message-ID": f"<m{number}@example.test>",
    }  # fmt: skip
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        made[name] = value
    made.set_content(text)
    return made


def listen(channel: Email, cursor: dict[str, Any] | None = None, pages: int = 40) -> list[Page]:
    return list(channel.listen(Listen([], datetime.now(UTC) - DAY, max_pages=pages), cursor))


def posts(pages: Sequence[Page]) -> list[Post]:
    return [post for page in pages for post in page.posts]


def add(db: Database, kit: Ground, box: Mailbox, **more: str) -> int:
    brands.add(db, "Acme", query="acme")
    given = {
        "imap_host": "127.0.0.1", "imap_port": str(box.server.imap), "username": box.user, "password": PASSWORD,
    }  # fmt: skip
    return sources.add(db, kit, "email", name="mail", brand="Acme", settings=given | more)


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


def test_an_answer_goes_to_its_writer_in_the_thread(kit: Ground, mailbox: Mailbox, smtp: Server) -> None:
    mailbox.put(mail(2, References="<m0@example.test> <m1@example.test>", In_Reply_To="<m1@example.test>"))
    channel = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=smtp.port, sender_name="Acme Help")
    (heard,) = posts(listen(channel))
    assert channel.may_reply(heard).mode is ReplyMode.API
    sent = channel.reply(heard, "We are on it. שלום", key="k1")
    (out,) = smtp.mails
    assert smtp.recipients == [["ada@example.test", mailbox.user]]
    assert out["To"] == "Ada Ray <ada@example.test>"
    assert out["From"] == f"Acme Help <{mailbox.user}>"
    assert (out["Subject"], out["In-Reply-To"]) == ("Re: Broken 2", "<m2@example.test>")
    assert out["References"] == "<m0@example.test> <m1@example.test> <m2@example.test>"
    assert out["Message-ID"] == f"<{sent.id}>"
    assert out.get_content().strip() == "We are on it. שלום"
    again = posts(listen(channel))
    assert [(post.own, post.parent_id) for post in again if post.id == sent.id] == [(True, "m2@example.test")]


def test_a_mail_that_only_claims_to_be_ours_is_no_answer_of_ours(kit: Ground, mailbox: Mailbox) -> None:
    mailbox.put(mail(1))
    mailbox.put(mail(2, From=mailbox.user, In_Reply_To="<m1@example.test>", References="<m1@example.test>"))
    mailbox.put(mail(3, From=f"Form <{mailbox.user}>", Reply_To="Bob <bob@example.test>"))
    channel = mailbox.channel(kit, smtp_host="127.0.0.1")
    _, fake, form = posts(listen(channel))
    assert not fake.own
    assert channel.may_reply(fake).mode is ReplyMode.NONE
    assert form.author is not None
    assert form.author.id == "bob@example.test"
    assert channel.may_reply(form).mode is ReplyMode.API


def test_accepted_and_then_broken_off_is_found_once(kit: Ground, mailbox: Mailbox, smtp: Server) -> None:
    mailbox.put(mail(1))
    channel = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=smtp.port)
    (heard,) = posts(listen(channel))
    smtp.hang_up = True
    since = now()
    with pytest.raises(ChannelError) as raised:
        channel.reply(heard, "We are on it.", key="k1")
    assert raised.value.delivered
    assert not raised.value.permanent
    found = channel.find(Attempt(heard, "We are on it.", "k1", since))
    assert isinstance(found, Sent)
    assert f"<{found.id}>" == smtp.mails[0]["Message-ID"]
    assert len(smtp.mails) == 1


def test_what_did_not_arrive_is_unsure_while_it_may_be_queued_and_absent_later(
    kit: Ground, mailbox: Mailbox
) -> None:
    channel = mailbox.channel(kit, smtp_host="127.0.0.1")
    to = Post("m1@example.test", "x", now())
    assert isinstance(channel.find(Attempt(to, "x", "k1", now())), Unsure)
    assert channel.find(Attempt(to, "x", "k1", now() - timedelta(minutes=20))) == Absent()
    without = mailbox.channel(kit, smtp_host="127.0.0.1", copy_to_self=False)
    assert isinstance(without.find(Attempt(to, "x", "k1", now() - timedelta(minutes=20))), Unsure)


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        ({"answers": "550 no such person"}, True),
        ({"answers": "450 later"}, False),
        ({"data": "554 spam"}, True),
    ],
)
def test_a_refused_answer_was_certainly_not_sent(
    kit: Ground, mailbox: Mailbox, smtp: Server, fault: dict[str, str], permanent: bool
) -> None:
    mailbox.put(mail(1))
    channel = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=smtp.port)
    (heard,) = posts(listen(channel))
    if "answers" in fault:
        smtp.answers["ada@example.test"] = fault["answers"]
    smtp.data = fault.get("data")
    with pytest.raises(ChannelError, match="refused the mail") as raised:
        channel.reply(heard, "We are on it.", key="k1")
    assert (raised.value.delivered, raised.value.permanent) == (False, permanent)
    assert smtp.mails == []
    assert mailbox.count() == 1  # the copy to ourselves did not go out alone


def test_a_server_nobody_runs_and_a_wrong_password(kit: Ground, mailbox: Mailbox, smtp: Server) -> None:
    to = Post("m1", "x", now(), extra={"answer_to": "ada@example.test"})
    closed = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=9)
    with pytest.raises(ChannelError, match="cannot be reached") as raised:
        closed.reply(to, "x", key="k")
    assert not raised.value.delivered
    wrong = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=smtp.port, password="wrong-horse")
    with pytest.raises(ChannelError, match="refused the log-in") as refused:
        wrong.reply(to, "x", key="k")
    assert refused.value.attention
    with pytest.raises(ChannelError, match="refused the log-in") as imap:
        wrong.check()
    assert imap.value.attention
    assert "wrong-horse" not in f"{refused.value} {imap.value} {imap.value.hint}"


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


def test_the_whole_way_through_a_real_mail_server(mailbox: Mailbox, postfix: int) -> None:
    kit = ground()
    customer = Mailbox(mailbox.server, f"ada-{time.time_ns()}@example.test")
    mailbox.put(mail(1, "acme is broken", From=f"Ada <{customer.user}>"))
    channel = mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=postfix)
    assert "answers through" in channel.check()
    (heard,) = posts(listen(channel))
    since = now()
    sent = channel.reply(heard, "We are on it.", key="k1")
    until = time.monotonic() + 20
    while time.monotonic() < until and not (customer.count() and mailbox.count() == 2):
        time.sleep(0.2)
    (arrived,) = posts(listen(customer.channel(kit)))
    assert (arrived.id, arrived.text, arrived.parent_id) == (sent.id, "We are on it.", "m1@example.test")
    assert isinstance(channel.find(Attempt(heard, "We are on it.", "k1", since)), Sent)
