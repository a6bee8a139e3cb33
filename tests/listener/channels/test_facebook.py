"""Facebook: posts, comments and messages of a page are heard once and answered as the page."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Listen, Page, Post, ReplyMode, Sent, Unsure
from listener.channels.facebook import Facebook, FacebookOptions
from listener.channels.facebook.posts import comment_of, post_of
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Mention, OwnPost, Source
from tests.listener.channels.graph_room import NOW, Graph, ago
from tests.listener.channels.meta_room import TOKEN, refusal
from tests.listener.web_room import Answer, Site

PAGE = "777"
ADA = {"id": "42", "name": "Ada"}


def post(number: int = 1, minutes: float = 60, count: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{PAGE}_{number}", "message": "Our new box", "created_time": ago(minutes), "from": {"id": PAGE},
        "comments": {"data": [], "summary": {"total_count": count}}, **more,
    }  # fmt: skip


def comment(number: int, minutes: float = 5, text: str = "acme is down", **more: Any) -> dict[str, Any]:
    return {
        "id": f"1_{number}", "message": text, "created_time": ago(minutes), "from": ADA, "like_count": 2,
        "permalink_url": f"https://facebook.example.test/1?comment_id={number}", **more,
    }  # fmt: skip


@pytest.fixture
def graph(site: Site) -> Graph:
    made = Graph()
    made.edges = {f"/{PAGE}/feed": [post()], f"/{PAGE}/tagged": [], f"/{PAGE}_1/comments": []}
    made.objects = {f"/{PAGE}": {"id": PAGE, "name": "Acme", "username": "acme"}}
    site.answer = made
    return made


def channel(kit: Ground, site: Site) -> Facebook:
    given = {"base_url": site.url, "page_id": PAGE, "access_token": TOKEN}
    return Facebook(FacebookOptions.model_validate(given), kit.http)


def listen(made: Facebook, cursor: dict[str, Any] | None = None, pages: int = 40) -> list[Page]:
    return list(made.listen(Listen([], NOW - timedelta(days=1), max_pages=pages), cursor))


def ids(pages: list[Page]) -> list[str]:
    return [one.id for page in pages for one in page.posts if not one.own]


def below(graph: Graph, *comments: dict[str, Any]) -> None:
    graph.edges[f"/{PAGE}_1/comments"] += comments
    graph.edges[f"/{PAGE}/feed"] = [post(count=len(graph.edges[f"/{PAGE}_1/comments"]))]


@pytest.mark.parametrize("trouble", ["", "repeat", "blank"])
def test_sixty_comments_are_heard_whatever_the_pages_are_like(
    kit: Ground, site: Site, graph: Graph, trouble: str
) -> None:
    if trouble:
        setattr(graph, trouble, True)
    below(graph, *(comment(number, minutes=number) for number in range(1, 61)))
    pages = listen(channel(kit, site))
    assert set(ids(pages)) == {f"1_{number}" for number in range(1, 61)}
    assert not pages[-1].truncated
    below(graph, comment(99, minutes=0))
    assert "1_99" in ids(listen(channel(kit, site), pages[-1].cursor))


def test_a_cursor_that_loops_ends_and_goes_on_later(kit: Ground, site: Site, graph: Graph) -> None:
    graph.loops = True
    below(graph, *(comment(number, minutes=number) for number in range(1, 31)))
    pages = listen(channel(kit, site))
    assert set(ids(pages)) == {f"1_{number}" for number in range(1, 31)}
    assert len(pages) < 40


def test_a_burst_is_caught_up_over_several_runs(kit: Ground, site: Site, graph: Graph) -> None:
    cursor = listen(channel(kit, site))[-1].cursor
    below(graph, *(comment(number, minutes=number / 1000) for number in range(1, 1201)))
    heard: set[str] = set()
    for _ in range(12):
        pages = listen(channel(kit, site), cursor, pages=45)
        cursor = pages[-1].cursor
        heard |= set(ids(pages))
        if not pages[-1].truncated:
            break
    assert not pages[-1].truncated
    assert heard == {f"1_{number}" for number in range(1, 1201)}


def test_only_posts_whose_comments_changed_are_asked_for(kit: Ground, site: Site, graph: Graph) -> None:
    graph.edges[f"/{PAGE}/feed"] = [post(number, minutes=number * 60, count=1) for number in range(1, 6)]
    graph.edges |= {f"/{PAGE}_{number}/comments": [comment(number)] for number in range(1, 6)}
    pages = listen(channel(kit, site))
    cursor = pages[-1].cursor
    assert len(ids(pages)) == 5
    graph.read.clear()
    pages = listen(channel(kit, site), cursor)
    assert [path for path in graph.read if path.endswith("/comments")] == []
    graph.edges[f"/{PAGE}/feed"][2]["comments"]["summary"]["total_count"] = 2
    graph.edges[f"/{PAGE}_3/comments"].append(comment(33, minutes=0))
    graph.read.clear()
    pages = listen(channel(kit, site), pages[-1].cursor)
    assert "1_33" in ids(pages)
    assert [path for path in graph.read if path.endswith("/comments")] == [f"/{PAGE}_3/comments"]
    cursor = pages[-1].cursor
    assert cursor is not None
    cursor["streams"][f"comments:{PAGE}_4"]["at"] = (NOW - timedelta(hours=2)).isoformat()
    graph.read.clear()
    listen(channel(kit, site), cursor)
    assert [path for path in graph.read if path.endswith("/comments")] == [f"/{PAGE}_4/comments"]


def test_one_comment_of_an_unknown_shape_hides_nobody(kit: Ground, site: Site, graph: Graph) -> None:
    below(graph, comment(1), comment(2, **{"from": "Ada"}), comment(3, parent=7))
    assert ids(listen(channel(kit, site))) == ["1_1"]


def test_a_comment_dated_2099_does_not_blind(kit: Ground, site: Site, graph: Graph) -> None:
    below(graph, comment(1, created_time="2099-01-01T00:00:00+0000"), comment(2))
    cursor = listen(channel(kit, site))[-1].cursor
    below(graph, comment(3, minutes=0))
    assert "1_3" in ids(listen(channel(kit, site), cursor))


def test_what_a_comment_and_a_post_say() -> None:
    said = comment(9, text="Δ 👩‍👩‍👧 שלום", parent={"id": "1_8"}, can_comment=False, is_hidden=True)
    made = comment_of(said, page=PAGE, below="777_1", about="Our new box")
    assert made.author is not None
    assert (made.text, made.kind, made.thread_id, made.parent_id) == (
        "Δ 👩‍👩‍👧 שלום",
        "comment",
        "777_1",
        "1_8",
    )
    assert (made.parent_text, made.visibility, made.engagement) == ("Our new box", "hidden", {"likes": 2})
    assert (made.author.id, made.author.name, made.addressed_to_us, made.own) == ("42", "Ada", True, False)
    assert comment_of(comment(9) | {"from": {"id": PAGE}}, page=PAGE).own
    assert comment_of({"id": "5_6", "attachment": {"type": "sticker"}}, page=PAGE).text == "[sticker]"
    link = {
        "attachments": {
            "data": [{"media_type": "link", "title": "A review", "url": "https://x.example.test"}]
        }
    }
    visitor = post_of({"id": "777_5", "from": ADA, "created_time": ago(1), **link}, page=PAGE)
    assert (visitor.text, visitor.own, visitor.addressed_to_us) == ("A review", False, True)


def test_stored_once_with_the_pages_own_answers_beside(
    sqlite_db: Database, kit: Ground, site: Site, graph: Graph
) -> None:
    brands.add(sqlite_db, "Acme", query="nosuchword")
    settings = {"base_url": site.url, "page_id": PAGE, "access_token": TOKEN}
    source_id = sources.add(sqlite_db, kit, "facebook", name="page", brand="Acme", settings=settings)
    below(
        graph,
        comment(1),
        comment(2, minutes=2, text="We look") | {"from": {"id": PAGE}, "parent": {"id": "1_1"}},
    )
    for expected in (1, 0):
        outcome = collect.poll(sqlite_db, kit, source_id, force=True)
        assert (outcome.error, outcome.new) == (None, expected)
    with sqlite_db.read() as session:
        (row,) = session.scalars(select(Mention))
        own = {one.external_id: one.parent_id for one in session.scalars(select(OwnPost))}
    assert (row.external_id, row.thread_id, row.reply_mode) == ("1_1", f"{PAGE}_1", "api")
    assert own == {"1_2": "1_1", f"{PAGE}_1": None}  # the answer, and the post that all of it stands under


def heard(**more: Any) -> Post:
    return comment_of(comment(1, **more), page=PAGE, below="777_1")


def test_an_answer_stands_below_the_comment(kit: Ground, site: Site, graph: Graph) -> None:
    made = channel(kit, site)
    assert made.may_reply(heard()).mode is ReplyMode.API
    assert made.reply(heard(), "We are on it.", key="k").id == "made"
    assert graph.posted == [("/1_1/comments", {"message": "We are on it."})]
    assert made.may_reply(heard(can_comment=False)).mode is ReplyMode.LINK
    assert made.may_reply(post_of(post(2), page=PAGE, tagged=True)).mode is ReplyMode.NONE
    with pytest.raises(ChannelError, match="8001 characters"):
        made.reply(heard(), "x" * 8001, key="k")
    assert len(graph.posted) == 1


def test_accepted_and_then_an_error_is_found_once(kit: Ground, site: Site, graph: Graph) -> None:
    made = channel(kit, site)
    to = heard(parent={"id": "1_0"})
    graph.edges["/1_1/comments"] = []
    graph.edges["/1_0/comments"] = [comment(0)]

    def write(path: str, body: dict[str, Any]) -> dict[str, Any]:
        graph.edges["/1_0/comments"].append(comment(50, 0, body["message"]) | {"from": {"id": PAGE}})
        return {}

    graph.write, graph.then = write, Answer(status=503)
    since = now()
    with pytest.raises(HttpError) as raised:
        made.reply(to, "We are on it: https://acme.example.test", key="k")
    assert (raised.value.status, raised.value.permanent) == (503, False)
    found = made.find(Attempt(to, "We are on it: https://acme.example.test", "k", since))
    assert isinstance(found, Sent)
    assert found.id == "1_50"
    graph.edges["/1_0/comments"].append(comment(51, 0, "Something else"))  # the same words, the customer's
    assert made.find(Attempt(to, "Something else", "k2", since)) == Absent()
    graph.edges["/1_0/comments"].append(comment(52, 60, "An hour ago") | {"from": {"id": PAGE}})
    assert made.find(Attempt(to, "An hour ago", "k3", since)) == Absent()
    graph.fault = refusal(2, "temporary", 500)
    assert isinstance(made.find(Attempt(to, "x", "k", since)), Unsure)


@pytest.mark.parametrize(
    ("fault", "permanent", "attention", "status"),
    [
        (refusal(190, "Error validating access token: expired"), True, True, 400),
        (refusal(200, "(#200) permissions"), True, False, 400),
        (refusal(100, "Object does not exist", subcode=33), True, False, 404),
        (refusal(32, "Page request limit reached"), False, False, 429),
        (refusal(1, "unknown error", 500), False, False, 500),
        (Answer("<html>", status=502), False, False, 502),
    ],
)
def test_errors_are_told_by_their_code(
    kit: Ground, site: Site, graph: Graph, fault: Answer, permanent: bool, attention: bool, status: int
) -> None:
    graph.fault = fault
    with pytest.raises(HttpError) as raised:
        channel(kit, site).reply(heard(), "We are on it.", key="k")
    error = raised.value
    assert (error.permanent, error.attention, error.status) == (permanent, attention, status)
    assert TOKEN not in f"{error} {error.hint}"


def test_a_quota_waits_as_told_and_a_dead_token_asks_for_a_person(
    sqlite_db: Database, kit: Ground, site: Site, graph: Graph
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    settings = {"base_url": site.url, "page_id": PAGE, "access_token": TOKEN}
    source_id = sources.add(sqlite_db, kit, "facebook", name="page", brand="Acme", settings=settings)
    usage = json.dumps({PAGE: [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 42}]})
    graph.fault = refusal(80001, "too many calls", **{"X-Business-Use-Case-Usage": usage})
    assert collect.poll(sqlite_db, kit, source_id, force=True).error
    with sqlite_db.work() as session:
        row = session.get_one(Source, source_id)
        assert row.not_before is not None
        assert timedelta(minutes=41) < row.not_before - now() < timedelta(minutes=43)
        row.not_before = None
    graph.fault = refusal(190, "expired")
    for _ in range(2):
        collect.poll(sqlite_db, kit, source_id, force=True)
    with sqlite_db.read() as session:
        assert session.get_one(Source, source_id).state == "attention"


def test_before_the_quota_is_used_up_a_run_stops_asking(kit: Ground, site: Site, graph: Graph) -> None:
    graph.headers = {"X-App-Usage": json.dumps({"call_count": 97, "total_time": 3})}
    with pytest.raises(HttpError, match="quota") as raised:
        listen(channel(kit, site))
    assert raised.value.retry_after
    assert len(graph.read) == 1


def test_edits_and_deletions_are_read_again(kit: Ground, site: Site, graph: Graph) -> None:
    graph.objects["/1_1"] = comment(1, text="acme is up")
    again, gone = channel(kit, site).refresh([heard(), comment_of(comment(2), page=PAGE)])
    assert isinstance(again, Post)
    assert again.text == "acme is up"
    assert gone == Gone("1_2")


def test_recorded_payloads(recorded: Path) -> None:
    folder = recorded / "facebook"
    if not folder.is_dir():
        pytest.skip("no recorded Facebook payloads there")
    for name in ("posts__feeds_default_fields_p1", "posts__feeds_default_fields_p2"):
        for said in json.loads((folder / f"{name}.json").read_text())["data"]:
            made = post_of(said, page="19292868552")
            assert (made.text != "", made.posted_at.year) == (True, 2021)
    said = json.loads((folder / "comments__comment_info.json").read_text())
    made = comment_of(said, page="19292868552")
    assert (made.thread_id, made.url) == ("10158371815748553", said["permalink_url"])


def test_check_names_the_page(kit: Ground, site: Site, graph: Graph) -> None:
    assert channel(kit, site).check() == "page Acme (777)"
