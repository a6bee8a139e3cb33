"""What only the simulated mailbox does: folders and UIDs, threads, a log-in, and how it fails."""

from __future__ import annotations

import imaplib
import smtplib
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default

import pytest
import requests

from listener import collect
from listener.simulator import Simulator, SimulatorError
from tests.listener.rooms import no_tokens
from tests.listener.simulator.sim_room import SimRoom, enter, sim

__all__ = ["enter", "no_tokens", "sim"]


@pytest.fixture
def room(enter: Callable[..., SimRoom]) -> SimRoom:
    return enter("email")


@pytest.fixture
def box(room: SimRoom) -> Iterator[imaplib.IMAP4]:
    address, imap, _ = room.sim.access.mail
    client = imaplib.IMAP4("127.0.0.1", imap, timeout=5)
    client.login(address, room.sim.token)
    yield client
    client.logout()


def test_folders_and_uids(room: SimRoom, box: imaplib.IMAP4) -> None:
    first, second = (room.say(f"my bill {n}", title=f"Bill {n}") for n in range(2))
    room.sim.world.publish(room.brand, "We look into it.", parent=first)  # a colleague, in the mail program
    assert [line.split()[-1] for line in box.list()[1] if isinstance(line, bytes)] == [b"INBOX", b"Sent"]
    assert box.select("Sent", readonly=True) == ("OK", [b"1"])
    assert box.uid("SEARCH", "ALL")[1] == [b"3"]
    box.select("INBOX", readonly=True)
    assert box.response("UIDNEXT")[1] == [b"4"]
    assert box.uid("SEARCH", "UID", "2:*")[1] == [b"2"]
    assert box.uid("SEARCH", "UID", "9:*")[1] == [b"2"]  # n:* always has the last one
    assert box.uid("SEARCH", "SINCE", "01-Jan-2026")[1] == [b"1 2"]
    wanted = f'"<{second.id}@people.example.test>"'
    assert box.uid("SEARCH", "HEADER", "Message-ID", wanted)[1] == [b"2"]
    parts = box.uid("FETCH", "1", "(UID INTERNALDATE BODY.PEEK[]<0.40>)")[1]
    assert isinstance(parts[0], tuple)
    assert len(parts[0][1]) == 40
    room.sim.world.delete(first)
    assert box.uid("SEARCH", "ALL")[1] == [b"2"]
    assert box.select("Nowhere", readonly=True)[0] == "NO"


def test_an_answer_stands_in_its_thread_and_the_customer_goes_on(room: SimRoom, box: imaplib.IMAP4) -> None:
    said = room.say("My tolvane bill is wrong again", title="Wrong bill")
    room.hear()
    room.answer(room.only())
    room.send()
    (public,) = room.public()
    room.say("When will it be right?", parent=public, minutes=0)
    room.hear()
    assert {mention.thread_id for mention in room.stored()} == {room.only_one("My tolvane bill").thread_id}
    box.select("INBOX", readonly=True)
    raw = box.uid("FETCH", "3", "(UID BODY.PEEK[])")[1][0]
    assert isinstance(raw, tuple)
    mail = message_from_bytes(raw[1], policy=default)
    assert mail["References"].split() == [f"<{said.id}@people.example.test>", f"<{public.name}>"]
    assert mail["Subject"] == "Re: Wrong bill"


def test_who_has_not_logged_in_is_not_served(room: SimRoom) -> None:
    address, imap, smtp = room.sim.access.mail
    client = imaplib.IMAP4("127.0.0.1", imap, timeout=5)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login(address, "wrong")
    with pytest.raises(imaplib.IMAP4.error):
        client.select("INBOX")
    client.shutdown()
    with smtplib.SMTP("127.0.0.1", smtp, timeout=5) as sender:
        with pytest.raises(smtplib.SMTPSenderRefused):
            sender.sendmail(address, ["ada@people.example.test"], b"Subject: x\r\n\r\nhello")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            sender.login(address, "wrong")
    assert room.public() == []


@pytest.mark.parametrize(
    ("kind", "path", "says"),
    [
        ("rate_limited", "login", "LIMIT"),
        ("server_error", "examine", "UNAVAILABLE"),
        ("unauthorized", "login", "refused the log-in"),
        ("truncated", "uid fetch", "broke off"),
        ("not_json", "", "broke off"),
    ],
)
def test_faults_are_told_and_nothing_is_lost(room: SimRoom, kind: str, path: str, says: str) -> None:
    room.say("My tolvane bill is wrong again", title="Wrong bill")
    room.sim.faults.set(kind, path=f"/mail/imap/{path}")
    error = collect.poll(room.db, room.kit, room.source_id, force=True).error
    assert says in (error or "")
    room.hear()
    assert room.only().title == "Wrong bill"


def test_a_mailbox_numbered_anew_is_read_again_and_stored_once(room: SimRoom) -> None:
    for n in range(30):
        room.say(f"bill {n}", title=f"Bill {n}")
    room.hear()
    room.sim.faults.set("looping_cursor", path="/mail/")
    assert room.hear().new == 0
    assert len(room.stored()) == 30


def test_the_server_slows_down_and_the_answer_goes_out_later(room: SimRoom) -> None:
    room.say("My tolvane bill is wrong again", title="Wrong bill")
    room.hear()
    room.answer(room.only())
    room.sim.faults.set("rate_limited", path="/mail/smtp/")
    room.send()
    assert (room.public(), room.replied().state) == ([], "approved")
    room.resolve(minutes=60)
    assert (len(room.public()), room.replied().state) == (1, "sent")


@pytest.mark.parametrize("taken", [0, 1])
def test_a_port_that_is_taken_is_told(taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = [0, 0]
        ports[taken] = other.getsockname()[1]
        made = Simulator("quiet", live=False, mail=(ports[0], ports[1]))
        with pytest.raises(SimulatorError, match="port for mail cannot be used"):
            made.start()
        assert made.base_url
        with pytest.raises(requests.ConnectionError):
            requests.get(made.base_url, timeout=2)
