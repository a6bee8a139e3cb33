"""What a look at the platform changes on the pages: edited, deleted, taken and not shown yet, not sent after all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from alerts import closing, digest, rechecks
from alerts import reply as replies
from alerts.models import Person, Reply
from alerts.triage import triage
from listener.channels.base import Gone, Post, Refused, Sent
from listener.channels.mastodon import Mastodon
from listener.db import now
from listener.models import Mention, Source
from tests.factories import World, score
from tests.web.conftest import ask
from web import drafts, export
from web.composition import Context
from web.models import Draft

TEXT = "Hello Nadia, we are sorry. Please unplug the kettle; we call you today and replace it."
WORDS = "burning smell"
Upstream = dict[str, Any]


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """What the platform says of a post, by its id: "gone", or the fields that have changed."""
    said: Upstream = {}

    def refresh(self: Mastodon, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        for post in posts:
            what = said.get(post.id, {})
            yield Gone(post.id, post.instance) if what == "gone" else replace(post, **what)

    monkeypatch.setattr(Mastodon, "refresh", refresh)
    monkeypatch.setattr(Mastodon, "check", lambda self: "as @acme")
    return said


def kettle(ctx: Context, world: World) -> Mention:
    with ctx.db.read() as session:
        return session.get_one(Mention, world.mentions["Nadia Weiss"])


def look(ctx: Context) -> None:
    with ctx.db.work() as session:
        session.execute(update(Source).values(recheck_after=None))
        session.execute(
            update(Mention).where(Mention.gone_at.is_(None)).values(recheck_at=now() - timedelta(minutes=1))
        )
    for source_id in rechecks.due(ctx.db):
        rechecks.run(ctx.db, ctx.ground, source_id)
    closing.gone(ctx.db)
    while triage(ctx.db) is not None:
        pass


def everything(client: FlaskClient, world: World) -> str:
    pages = ("/inbox?state=all", f"/alerts/{world.alert}", f"/alerts/{world.alert}/answer", "/mentions",
             f"/mentions/{world.mentions['Nadia Weiss']}")  # fmt: skip
    return "".join(client.get(page, follow_redirects=True).text for page in pages)


def test_what_is_deleted_is_on_no_page_in_no_draft_export_or_digest(
    ctx: Context, world: World, agent: FlaskClient, admin: FlaskClient, upstream: Upstream
) -> None:
    ask(agent, f"/alerts/{world.alert}/draft", text=f"About your {WORDS}: {TEXT}")
    assert WORDS in everything(agent, world)
    assert WORDS in json.dumps([*export.mentions(ctx.db), *export.alerts(ctx.db)])
    upstream[kettle(ctx, world).external_id] = "gone"
    look(ctx)
    assert drafts.forget(ctx.db) == 1
    assert drafts.forget(ctx.db) == 0
    assert WORDS not in everything(agent, world)
    assert WORDS not in admin.get(f"/alerts/{world.alert}").text
    assert WORDS not in json.dumps([*export.mentions(ctx.db), *export.alerts(ctx.db)])
    with ctx.db.read() as session:
        assert session.scalars(select(Draft)).all() == []
        for person in session.scalars(select(Person)):
            for days in (0, 1):
                made = digest.build(session, person, "daily", (now() - timedelta(days=days)).date())
                assert WORDS not in repr(made)
    page = agent.get(f"/alerts/{world.alert}").text
    assert "The author deleted this post; its text is not shown any more." in page
    assert "The author deleted this post, so there is nothing to answer." in page
    assert "post is gone" in page
    assert 'name="text" rows="5"' not in page


def test_a_post_answered_by_hand_cannot_be_either_once_it_is_gone(
    ctx: Context, world: World, agent: FlaskClient, upstream: Upstream
) -> None:
    with ctx.db.work() as session:
        session.get_one(Mention, world.mentions["Nadia Weiss"]).reply_mode = "link"
    assert "I answered there" in agent.get(f"/alerts/{world.alert}").text
    upstream[kettle(ctx, world).external_id] = "gone"
    look(ctx)
    page = agent.get(f"/alerts/{world.alert}").text
    assert "I answered there" not in page
    assert "there is nothing to answer" in page


def test_an_edit_shows_and_what_was_written_before_it_is_not_sent_unread(
    ctx: Context, world: World, agent: FlaskClient, upstream: Upstream, platform: list[str]
) -> None:
    before = kettle(ctx, world).revision
    upstream[kettle(ctx, world).external_id] = {"text": "My Acme kettle is fine again, sorry"}
    look(ctx)
    with ctx.db.work() as session:
        row = session.get_one(Mention, world.mentions["Nadia Weiss"])
        row.stage = "scored"
        fresh = score(row.id, "en", "neutral", 1, "other_none", True, [])
        fresh.revision = row.revision
        session.add(fresh)
    while triage(ctx.db) is not None:
        pass
    page = agent.get(f"/alerts/{world.alert}").text
    assert "My Acme kettle is fine again" in page
    assert '<span class="chip">edited</span>' in page
    assert "The customer edited the post" in page
    answer = ask(agent, f"/alerts/{world.alert}/reply", text=TEXT, revision=before)
    assert answer.status_code == 422
    assert "The customer changed the post while you were writing" in answer.text
    assert ask(agent, f"/alerts/{world.alert}/reply", text=TEXT, revision=before + 1).status_code == 200
    assert platform == []


def test_a_reply_that_was_not_sent_says_why_and_is_not_lost(
    ctx: Context, world: World, agent: FlaskClient, upstream: Upstream, platform: list[str]
) -> None:
    ask(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    upstream[kettle(ctx, world).external_id] = {"text": "My Acme kettle is fine again, sorry"}
    replies.send(ctx.db, ctx.ground, at=now() + timedelta(seconds=11))
    assert platform == []
    page = agent.get(f"/alerts/{world.alert}").text
    assert "the customer changed the post after this reply was approved" in page
    assert f'aria-describedby="check">{TEXT}</textarea>' in page


def test_sent_is_not_visible_until_the_platform_shows_it(
    ctx: Context, world: World, agent: FlaskClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = [Sent("s1", pending=True)]
    monkeypatch.setattr(Mastodon, "reply", lambda *_args, **_more: Sent("s1", pending=True))
    monkeypatch.setattr(Mastodon, "find", lambda *_args: found[0])
    ask(agent, f"/alerts/{world.alert}/reply", text=TEXT)
    replies.send(ctx.db, ctx.ground, at=now() + timedelta(seconds=11))
    page = agent.get(f"/alerts/{world.alert}").text
    assert '<span class="chip">not visible yet</span>' in page
    assert "The platform has taken this answer and does not show it yet." in page

    later = now() + timedelta(minutes=5)
    replies.look(ctx.db, ctx.ground, at=later)
    assert "not visible yet" in agent.get(f"/alerts/{world.alert}").text
    found[0] = Sent("s1")
    replies.look(ctx.db, ctx.ground, at=later + timedelta(hours=1))
    page = agent.get(f"/alerts/{world.alert}").text
    assert "not visible yet" not in page
    assert '<span class="chip">visible on the platform</span>' in page

    with ctx.db.work() as session:
        session.execute(update(Reply).values(state="sent", pending=True, check_after=now()))
    found[0] = Refused("WhatsApp took it and could not deliver it (Message undeliverable)")
    replies.look(ctx.db, ctx.ground, at=later + timedelta(hours=2))
    page = agent.get(f"/alerts/{world.alert}").text
    assert '<span class="chip">failed</span>' in page
    assert "could not deliver it (Message undeliverable)" in page
    assert f'aria-describedby="check">{TEXT}</textarea>' in page  # it can be sent again, or changed


def test_the_reason_beside_a_way_to_reply_is_shown(ctx: Context, world: World, agent: FlaskClient) -> None:
    why = "Trustpilot keeps one answer per review: a new one replaces the one that is there"
    with ctx.db.work() as session:
        session.get_one(Mention, world.mentions["Nadia Weiss"]).reply_reason = why
    page = agent.get(f"/alerts/{world.alert}").text
    assert why in page
    assert 'name="text" rows="5"' in page
