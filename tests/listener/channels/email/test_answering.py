"""Answers by mail: in the thread, once, and found again when the hand-over broke off; the last one through Postfix."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from listener.channels.base import Absent, Attempt, Post, ReplyMode, Sent, Unsure
from listener.db import now
from listener.errors import ChannelError
from listener.ground import Ground
from tests.listener.channels.email.dovecot_room import Mailbox
from tests.listener.channels.email.mail_room import listen, mail, posts
from tests.listener.channels.email.smtp_room import Post as Server
from tests.listener.rooms import ground

pytestmark = pytest.mark.service


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


def test_a_server_whose_certificate_is_not_ours_gets_no_password(
    kit: Ground, mailbox: Mailbox, smtp: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    to = Post("m1", "x", now(), extra={"answer_to": "ada@example.test"})
    with pytest.raises(ChannelError, match="certificate was not accepted") as raised:
        mailbox.channel(kit, smtp_host="127.0.0.1", smtp_port=smtp.port).reply(to, "x", key="k")
    assert not raised.value.delivered
    assert smtp.mails == []


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
