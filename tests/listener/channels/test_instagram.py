"""Instagram: comments and the answers inside them are heard once, and answered where they stand."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Listen, Page, Post, ReplyMode, Sent, Unsure
from listener.channels.instagram import Instagram, InstagramOptions
from listener.channels.instagram.posts import comment_of, comments_of, media_of
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Mention, OwnPost, Source
from tests.listener.channels.graph_room import NOW, Graph, ago
from tests.listener.channels.meta_room import TOKEN, VERIFY, challenge, refusal
from tests.listener.web_room import Answer, Site

ACCOUNT = "777"
MEDIA = {"id": "m1", "permalink": "https://instagram.example.test/p/1/", "caption": "Our new box"}
OURS = frozenset({"acme", ACCOUNT})


def media(number: int = 1, minutes: float = 60, count: int = 0) -> dict[str, Any]:
    return MEDIA | {"id": f"m{number}", "timestamp": ago(minutes), "comments_count": count}


def comment(number: int | str, minutes: float = 5, text: str = "acme is down", **more: Any) -> dict[str, Any]:
    said = {"id": f"c{number}", "text": text, "timestamp": ago(minutes), "username": "ada", "like_count": 2}
    return said | {"from": {"id": "42", "username": "ada"}} | more


def answers(*found: dict[str, Any]) -> dict[str, Any]:
    return {"replies": {"data": list(found)}}


@pytest.fixture
def graph(site: Site) -> Graph:
    made = Graph(time_field="timestamp")
    made.edges = {f"/{ACCOUNT}/media": [media()], f"/{ACCOUNT}/tags": [], "/m1/comments": []}
    made.objects = {f"/{ACCOUNT}": {"id": ACCOUNT, "username": "Acme"}}
    site.answer = made
    return made


def channel(kit: Ground, site: Site, **more: Any) -> Instagram:
    given = {"base_url": site.url, "account_id": ACCOUNT, "access_token": TOKEN} | more
    made = Instagram(InstagramOptions.model_validate(given), kit.http)
    made.known = {"handle": "Acme", "ours": ["Acme", ACCOUNT]}
    return made


def listen(made: Instagram, cursor: dict[str, Any] | None = None, pages: int = 40) -> list[Page]:
    return list(made.listen(Listen([], NOW - timedelta(days=1), max_pages=pages), cursor))


def ids(pages: list[Page]) -> list[str]:
    return [one.id for page in pages for one in page.posts]


def below(graph: Graph, *comments: dict[str, Any], more: int = 0) -> None:
    graph.edges["/m1/comments"] += comments
    graph.edges[f"/{ACCOUNT}/media"] = [media(count=len(graph.edges["/m1/comments"]) + more)]


@pytest.mark.parametrize("trouble", ["", "repeat", "blank", "loops"])
def test_sixty_comments_are_heard_whatever_the_pages_are_like(
    kit: Ground, site: Site, graph: Graph, trouble: str
) -> None:
    if trouble:
        setattr(graph, trouble, True)
    below(graph, *(comment(number, minutes=number) for number in range(1, 61)))
    pages = listen(channel(kit, site))
    assert set(ids(pages)) == {f"c{number}" for number in range(1, 61)}
    below(graph, comment(99, minutes=0))
    assert "c99" in ids(listen(channel(kit, site), pages[-1].cursor))


def test_an_answer_inside_an_old_comment_is_heard(kit: Ground, site: Site, graph: Graph) -> None:
    below(graph, *(comment(number, minutes=number * 60) for number in range(1, 24)))
    cursor = listen(channel(kit, site))[-1].cursor
    graph.read.clear()
    quiet = listen(channel(kit, site), cursor)
    assert "/m1/comments" not in graph.read
    graph.edges["/m1/comments"][20] |= answers(comment("r1", minutes=0, text="and still is"))
    below(graph, more=1)
    heard = {one.id: one for page in listen(channel(kit, site), quiet[-1].cursor) for one in page.posts}
    assert (heard["cr1"].parent_id, heard["cr1"].thread_id) == ("c21", "m1")


def test_a_comment_dated_2099_does_not_blind(kit: Ground, site: Site, graph: Graph) -> None:
    below(graph, comment(1, timestamp="2099-01-01T00:00:00+0000"), comment(2))
    cursor = listen(channel(kit, site))[-1].cursor
    below(graph, comment(3, minutes=0))
    assert "c3" in ids(listen(channel(kit, site), cursor))


def test_posts_we_are_tagged_in(kit: Ground, site: Site, graph: Graph) -> None:
    tag = {
        "id": "m9",
        "caption": "@acme 😡",
        "timestamp": ago(5),
        "username": "ada",
        "permalink": MEDIA["permalink"],
    }
    graph.edges[f"/{ACCOUNT}/tags"] = [tag]
    made = channel(kit, site)
    (heard,) = [one for page in listen(made) for one in page.posts]
    assert (heard.id, heard.text, heard.kind, heard.url) == ("m9", "@acme 😡", "post", MEDIA["permalink"])
    assert made.may_reply(heard).mode is ReplyMode.LINK
    with pytest.raises(ChannelError, match="tagged"):
        made.reply(heard, "We are on it.", key="k")
    assert ids(listen(channel(kit, site, tagged=False))) == []


def test_what_a_comment_says() -> None:
    own = comment("2", username="ACME", **{"from": {"id": ACCOUNT}})
    first, second = comments_of(comment(1, text="👩‍👩‍👧 שלום") | answers(own), ours=OURS, media=MEDIA)
    assert first.author is not None
    assert (first.text, first.thread_id, first.parent_id) == ("👩‍👩‍👧 שלום", "m1", "m1")
    assert (first.parent_text, first.url, first.engagement) == (
        "Our new box",
        MEDIA["permalink"],
        {"likes": 2},
    )
    assert (first.author.id, first.author.handle) == ("42", "ada")
    assert (second.own, second.parent_id) == (True, "c1")
    assert (
        media_of({"id": "m2", "media_type": "CAROUSEL_ALBUM"}, ours=OURS, mention=True).text
        == "[carousel album]"
    )


def test_stored_once_with_our_own_answers_beside(
    sqlite_db: Database, kit: Ground, site: Site, graph: Graph
) -> None:
    brands.add(sqlite_db, "Acme", query="nosuchword")
    settings = {"base_url": site.url, "account_id": ACCOUNT, "access_token": TOKEN}
    source_id = sources.add(sqlite_db, kit, "instagram", name="ig", brand="Acme", settings=settings)
    below(graph, comment(1) | answers(comment(2, username="Acme", **{"from": {"id": ACCOUNT}})), more=1)
    for expected in (1, 0):
        outcome = collect.poll(sqlite_db, kit, source_id, force=True)
        assert (outcome.error, outcome.new) == (None, expected)
    with sqlite_db.read() as session:
        (row,) = session.scalars(select(Mention))
        (own,) = session.scalars(select(OwnPost))
    assert (row.external_id, row.reply_mode, own.external_id, own.parent_id) == ("c1", "api", "c2", "c1")
    graph.fault = refusal(190, "expired")
    for _ in range(2):
        collect.poll(sqlite_db, kit, source_id, force=True)
    with sqlite_db.read() as session:
        assert session.get_one(Source, source_id).state == "attention"


def heard(number: int | str = 1, root: str | None = None, **more: Any) -> Post:
    return comment_of(comment(number, **more) | {"parent_id": root}, ours=OURS, media=MEDIA)


def test_an_answer_stands_below_the_comment(kit: Ground, site: Site, graph: Graph) -> None:
    made = channel(kit, site)
    assert made.may_reply(heard()).mode is ReplyMode.API
    assert made.reply(heard(), "We are on it.", key="k").url == MEDIA["permalink"]
    made.reply(heard(5, root="c1"), "We are on it.", key="k")
    made.reply(heard(5, root="c1"), "@Ada we are on it.", key="k")
    assert graph.posted == [
        ("/c1/replies", {"message": "We are on it."}),
        ("/c1/replies", {"message": "@ada We are on it."}),
        ("/c1/replies", {"message": "@Ada we are on it."}),
    ]
    with pytest.raises(ChannelError, match="2205 characters"):
        made.reply(heard(5, root="c1"), "x" * 2200, key="k")
    assert len(graph.posted) == 3


def test_accepted_and_then_an_error_is_found_once(kit: Ground, site: Site, graph: Graph) -> None:
    made = channel(kit, site)
    to = heard(5, root="c1")
    graph.edges["/c1/replies"] = [comment(5)]

    def write(path: str, body: dict[str, Any]) -> dict[str, Any]:
        graph.edges[path].append(
            comment(50, 0, body["message"], username="Acme", **{"from": {"id": ACCOUNT}})
        )
        return {}

    graph.write, graph.then = write, Answer(status=503)
    since = now()
    with pytest.raises(HttpError) as raised:
        made.reply(to, "We are on it.", key="k")
    assert (raised.value.status, raised.value.permanent) == (503, False)
    found = made.find(Attempt(to, "We are on it.", "k", since))
    assert isinstance(found, Sent)
    assert found.id == "c50"
    graph.edges["/c1/replies"].append(comment(51, 0, "@ada Something else"))  # the same words, the customer's
    assert made.find(Attempt(to, "Something else", "k2", since)) == Absent()
    assert (
        made.find(Attempt(heard(9), "x", "k3", since)) == Absent()
    )  # the comment is gone, and what stood below it
    graph.fault = refusal(2, "temporary", 500)
    assert isinstance(made.find(Attempt(to, "x", "k", since)), Unsure)


def test_deleted_and_hidden_comments(kit: Ground, site: Site, graph: Graph) -> None:
    graph.objects["/c1"] = comment(1, text="acme is up", hidden=True)
    again, gone = channel(kit, site).refresh([heard(), heard(2)])
    assert isinstance(again, Post)
    assert (again.text, again.visibility, again.thread_id, again.url) == (
        "acme is up",
        "hidden",
        "m1",
        MEDIA["permalink"],
    )
    assert gone == Gone("c2")


def test_check_and_the_webhooks_set_up(kit: Ground, site: Site, graph: Graph) -> None:
    made = channel(kit, site, verify_token=VERIFY)
    assert made.check() == "@Acme (777)"
    assert made.receive(challenge()).answer == "1158201444"
    graph.fault = refusal(190, "expired")
    with pytest.raises(HttpError, match="code 190") as raised:
        made.check()
    assert TOKEN not in str(raised.value)


def test_recorded_payloads(recorded: Path) -> None:
    folder = recorded / "instagram"
    if not folder.is_dir():
        pytest.skip("no recorded Instagram payloads there")
    said = json.loads((folder / "models__ig_comment.json").read_text())
    first, answer = comments_of(said, ours=frozenset({"ikroskun"}), media=said["media"])
    assert (first.id, first.text, first.own, first.thread_id) == (
        "17892250648466172", "@ikroskun  Hey, guys", True, "17846368219941692",
    )  # fmt: skip
    assert (answer.parent_id, answer.text) == ("17892250648466172", "@ikroskun Nice")
    for page in ("p1", "p2"):
        for one in json.loads((folder / f"apidata__medias__comments_{page}.json").read_text())["data"]:
            assert comment_of(one, ours=OURS, media=MEDIA).posted_at.year == 2020
    for one in json.loads((folder / "apidata__users__tagged_medias.json").read_text())["data"]:
        assert media_of(one, ours=OURS, mention=False).text
