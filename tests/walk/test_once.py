"""An answer that a platform took without saying so ends as one, through the real outbox, on each way back to its proof:
the comments below a post, the topic and the queue of a forum, a status that comes by webhook, the copy in a mailbox,
and, where nothing can be read, a person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alerts import people, reply
from alerts.models import Reply
from listener import brands, collect, hooks, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention
from tests.listener.channels import graph_room, telegram_room, test_facebook
from tests.listener.channels import test_whatsapp as whatsapp
from tests.listener.channels.discourse_room import Forum, said
from tests.listener.channels.email.conftest import dovecot, mailbox, smtp
from tests.listener.channels.email.dovecot_room import PASSWORD, Mailbox
from tests.listener.channels.email.mail_room import mail
from tests.listener.channels.email.smtp_room import Post as MailServer
from tests.listener.channels.meta_room import TOKEN, VERIFY, delivery
from tests.listener.rooms import ground
from tests.listener.web_room import Answer, Asked, Site, site

__all__ = ["dovecot", "mailbox", "site", "smtp"]
TEXT = "We are on it, please give us an hour."


@pytest.fixture
def kit() -> Ground:
    return ground()


def add(db: Database, kit: Ground, kind: str, **settings: str) -> int:
    brands.add(db, "Acme", query="acme")
    return sources.add(db, kit, kind, name="here", brand="Acme", settings=settings)


def hear(db: Database, kit: Ground, source_id: int) -> None:
    outcome = collect.poll(db, kit, source_id, force=True)
    assert (outcome.error, outcome.new) == (None, 1)


def answer(db: Database, kit: Ground) -> int:
    """Let somebody answer the one mention, send it, and return the reply's id."""
    person = people.add_person(
        db, "dana@example.test", role="agent", password="a long pass phrase", brands=[], name="D"
    )
    with db.read() as session:
        (mention_id,) = session.scalars(select(Mention.id))
    reply_id = reply.approve(db, kit, mention_id=mention_id, text=TEXT, person_id=person, undo_seconds=0)
    assert reply.send(db, kit) == [reply_id]
    return reply_id


def state(db: Database, reply_id: int) -> tuple[str, str | None]:
    with db.read() as session:
        row = session.get_one(Reply, reply_id)
        return row.state, row.external_id


def end(db: Database, kit: Ground, reply_id: int, minutes: float = 5) -> tuple[str, str | None]:
    """Look for it after the platform's lag, send what is due again, and say how it ended."""
    at = now() + timedelta(minutes=minutes)
    reply.resolve(db, kit, at=at)
    reply.send(db, kit, at=at)
    return state(db, reply_id)


@pytest.mark.parametrize("moderated", [False, True])
def test_discourse(sqlite_db: Database, kit: Ground, site: Site, moderated: bool) -> None:
    forum = Forum(moderated=moderated)
    forum.add(said(1))
    site.answer = forum
    source_id = add(sqlite_db, kit, "discourse", base_url=site.url, api_key=TOKEN, api_username="Acme")
    hear(sqlite_db, kit, source_id)
    forum.accepted_then = 503
    reply_id = answer(sqlite_db, kit)
    assert state(sqlite_db, reply_id)[0] == "unknown"
    assert end(sqlite_db, kit, reply_id) == ("sent", "pending:5" if moderated else "2")
    assert len([one for one in site.asked if one.method == "POST"]) == 1


def test_facebook_where_the_next_poll_is_faster_than_the_look(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    page = test_facebook.PAGE
    graph = graph_room.Graph()
    comments = [test_facebook.comment(1)]
    graph.edges = {
        f"/{page}/feed": [test_facebook.post(count=1)],
        f"/{page}/tagged": [],
        f"/{page}_1/comments": comments,
    }
    graph.objects["/1_1"] = comments[0]  # read once more before it is answered
    site.answer = graph

    def write(path: str, body: dict[str, Any]) -> dict[str, Any]:
        ours = {"from": {"id": page}, "parent": {"id": "1_1"}}
        comments.append(test_facebook.comment(7, 0, body["message"]) | ours)
        graph.edges[f"/{page}/feed"] = [test_facebook.post(count=2)]
        return {}

    graph.write, graph.then = write, Answer(status=500)
    source_id = add(sqlite_db, kit, "facebook", base_url=site.url, page_id=page, access_token=TOKEN)
    hear(sqlite_db, kit, source_id)
    reply_id = answer(sqlite_db, kit)
    assert state(sqlite_db, reply_id)[0] == "unknown"
    collect.poll(sqlite_db, kit, source_id, force=True)
    assert end(sqlite_db, kit, reply_id) == ("sent", "1_7")
    assert len(graph.posted) == 1


def test_whatsapp(sqlite_db: Database, kit: Ground, site: Site) -> None:
    asked: list[Asked] = []

    def taken(one: Asked) -> Answer:
        asked.append(one)
        return Answer("<html>", status=502)

    site.answer = taken
    add(sqlite_db, kit, "whatsapp", **whatsapp.settings(site.url))
    said = whatsapp.message(timestamp=str(int(now().timestamp())))
    hooks.receive(sqlite_db, kit, "here", VERIFY, delivery(whatsapp.value(messages=[said])))
    reply_id = answer(sqlite_db, kit)
    assert (
        end(sqlite_db, kit, reply_id)[0] == "unknown"
    )  # nothing proves anything yet, so nothing is sent again
    key = json.loads(asked[0].body)["biz_opaque_callback_data"]
    status = whatsapp.status(key, timestamp=str(int(now().timestamp())))
    hooks.receive(sqlite_db, kit, "here", VERIFY, delivery(whatsapp.value(statuses=[status])))
    assert end(sqlite_db, kit, reply_id, 60) == ("sent", "wamid.77")
    assert len(asked) == 1


def test_telegram_waits_for_a_person(sqlite_db: Database, kit: Ground, site: Site) -> None:
    bot = telegram_room.Bot(updates=[telegram_room.update(1)])
    site.answer = bot
    source_id = add(sqlite_db, kit, "telegram", base_url=site.url, bot_token=telegram_room.TOKEN)
    hear(sqlite_db, kit, source_id)
    bot.fault = Answer(status=504)
    reply_id = answer(sqlite_db, kit)
    bot.fault = None
    for minutes in (5, 60, 600):
        assert end(sqlite_db, kit, reply_id, minutes)[0] == "unknown"
    assert bot.sent == []
    assert len([one for one in site.asked if one.path.endswith("sendMessage")]) == 1


@pytest.mark.service
def test_email(sqlite_db: Database, kit: Ground, mailbox: Mailbox, smtp: MailServer) -> None:
    mailbox.put(mail(1, "acme is down"))
    source_id = add(
        sqlite_db, kit, "email", imap_host="127.0.0.1", imap_port=str(mailbox.server.imap), username=mailbox.user,
        password=PASSWORD, smtp_host="127.0.0.1", smtp_port=str(smtp.port),
    )  # fmt: skip
    hear(sqlite_db, kit, source_id)
    smtp.hang_up = True
    reply_id = answer(sqlite_db, kit)
    assert state(sqlite_db, reply_id)[0] == "unknown"
    ended, number = end(sqlite_db, kit, reply_id)
    assert (ended, f"<{number}>") == ("sent", smtp.mails[0]["Message-ID"])
    collect.poll(sqlite_db, kit, source_id, force=True)  # the copy is ours, and no mention
    with sqlite_db.read() as session:
        assert len(session.scalars(select(Mention)).all()) == 1
    assert len(smtp.mails) == 1
