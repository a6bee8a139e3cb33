"""App Store: what is Apple's own; the rest is in test_reviews. Recorded feeds where they are present."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from listener.channels.appstore import AppStore, AppStoreOptions
from listener.channels.base import Listen, Post
from listener.db import Database
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Source
from listener.sources import SourceError, parse_options
from tests.listener.channels import keys
from tests.listener.channels.appstore_room import APP, Connect, Feed
from tests.listener.channels.review_room import Room, says
from tests.listener.web_room import Answer, Asked, Site

SINCE = datetime.now(UTC) - timedelta(hours=24)


def recorded_posts(kit: Ground, site: Site, file: Path) -> list[Post]:
    body = file.read_text(encoding="utf-8")
    site.answer = lambda asked: Answer(body if "/page=1/" in asked.path else '{"feed": {}}')
    options = AppStoreOptions(app_id="497799835", base_url=site.url)  # type: ignore[call-arg]
    return [
        post for page in AppStore(options, kit.http).listen(Listen([], SINCE), None) for post in page.posts
    ]


@pytest.mark.parametrize("name", ["497799835_fr_1", "497799835_cn_5", "497799835_cn_10", "1510826067_gb_1"])
def test_recorded_feeds_become_reviews(kit: Ground, site: Site, recorded: Path, name: str) -> None:
    file = recorded / "appstore_rss" / f"{name}.json"
    feed: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["feed"]
    posts = recorded_posts(kit, site, file)
    assert [post.id for post in posts] == [entry["id"]["label"] for entry in feed["entry"]]
    assert len({post.id for post in posts}) == len(posts)
    for post, entry in zip(posts, feed["entry"], strict=True):
        assert post.text == entry["content"]["label"]
        assert post.rating == float(entry["im:rating"]["label"])
        assert post.extra["app_version"] == entry["im:version"]["label"]
        assert post.author is not None
        assert post.author.id.isdigit()
        assert post.posted_at == datetime.fromisoformat(
            feed["updated"]["label"]
        )  # these feeds carry no dates


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("empty_page", 0),
        ("1510826067_gb_2", 0),
        ("100000000_gb_1", 0),
        ("invalid_entry_author_uri", 2),
        ("invalid_rating", 1),
    ],
)
def test_recorded_oddities_are_read_as_far_as_they_go(
    kit: Ground, site: Site, recorded: Path, name: str, count: int
) -> None:
    posts = recorded_posts(kit, site, recorded / "appstore_rss" / f"{name}.json")
    assert len(posts) == count
    if name == "invalid_entry_author_uri":
        assert posts[1].author is not None
        assert posts[1].author.id == posts[1].author.name  # no number: the name has to do
    if name == "invalid_rating":
        assert posts[0].rating is None


def test_the_refusal_of_page_eleven_is_never_asked_for(sqlite_db: Database, kit: Ground, site: Site) -> None:
    feed = Feed(site)
    room = Room(sqlite_db, kit, feed).open()
    feed.many(130, apart=1)
    outcome = room.poll()
    assert outcome.error is None
    assert outcome.truncated  # the ledger says that the feed ended before yesterday
    assert max(int(asked.path.split("page=")[1].split("/")[0]) for asked in site.asked) == 10
    assert not room.poll().truncated


def test_a_country_that_fails_does_not_silence_the_others(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    feed = Feed(site)
    room = Room(sqlite_db, kit, feed).open(countries="zz,us")
    said = feed.publish()
    plain = feed.answer
    feed.answer = lambda asked: Answer(status=400) if asked.path.startswith("/zz/") else plain(asked)  # type: ignore[method-assign]
    told = room.poll().error or ""
    assert told.startswith("1 of 2 parts could not be read: zz: ")
    assert "400" in told
    assert said.id in room.stored()
    with room.db.read() as session:
        row = session.get_one(Source, room.source_id)
        assert (row.state, row.errors, row.error) == ("active", 0, told)


def test_test_names_an_app_that_no_store_has(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says({"resultCount": 0, "results": []})
    channel = AppStore(AppStoreOptions(app_id="404", base_url=site.url), kit.http)  # type: ignore[call-arg]
    with pytest.raises(ChannelError, match="has no app 404"):
        channel.check()


def test_connect_asks_for_the_countries_by_apples_letters(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    room = Room(sqlite_db, kit, Connect(site)).open(countries="gb,il,deu")
    room.poll()
    assert site.asked[0].query["filter[territory]"] == "GBR,ISR,DEU"
    assert site.asked[0].path == f"/v1/apps/{APP}/customerReviews"


def test_a_response_is_pending_until_apple_publishes_it(sqlite_db: Database, kit: Ground, site: Site) -> None:
    connect = Connect(site)
    room = Room(sqlite_db, kit, connect).open()
    said = connect.publish()
    room.hear()
    assert room.channel().reply(room.post(said.id), "We are on it.", key="k").pending


def test_a_lost_cursor_begins_again_and_loses_nothing(sqlite_db: Database, site: Site) -> None:
    from tests.listener.rooms import ground

    connect = Connect(site)
    room = Room(sqlite_db, ground(max_pages=2), connect).open()
    published = connect.many(60)
    assert room.poll().truncated
    plain, refused = connect.answer, []

    def forgetful(asked: Asked) -> Answer:
        if "cursor" in asked.query and not refused:
            refused.append(asked)
            return says({"errors": [{"status": "400", "detail": "the cursor is not known"}]}, 400)
        return plain(asked)

    connect.answer = forgetful  # type: ignore[method-assign]
    room.hear()
    assert refused
    assert set(room.stored()) == published


def test_a_role_that_may_not_needs_a_person(sqlite_db: Database, kit: Ground, site: Site) -> None:
    connect = Connect(site)
    room = Room(sqlite_db, kit, connect).open()
    connect.broken = says(
        {"errors": [{"status": "403", "code": "FORBIDDEN", "detail": "not this role"}]}, 403
    )
    room.poll()
    assert "role" in (room.poll().hint or "")
    with room.db.read() as session:
        from listener.models import Source

        assert session.get_one(Source, room.source_id).state == "attention"


def test_an_hours_limit_without_a_reset_waits_all_the_same(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    connect = Connect(site)
    room = Room(sqlite_db, kit, connect).open()
    connect.broken = says({"errors": [{"status": "429", "code": "RATE_LIMIT_EXCEEDED"}]}, 429)
    room.poll()
    assert "rate limited" in (room.poll().skipped or "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"app_id": "acme"}, "its number"),
        ({"app_id": "https://example.test/id12345"}, "its number"),
        ({"countries": "us,france"}, "france"),
        ({"issuer_id": "i", "key_id": "k"}, "belong together"),
        ({"issuer_id": "i", "key_id": "k", "private_key": "secret"}, "AuthKey"),
    ],
)
def test_what_does_not_fit_is_said(given: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_options("appstore", {"app_id": APP} | given)


@pytest.mark.parametrize(
    "given", ["497799835", " 497799835 ", "https://apps.apple.com/fr/app/xcode/id497799835?see-all=reviews"]
)
def test_an_app_may_be_given_by_its_address(given: str) -> None:
    assert parse_options("appstore", {"app_id": given}).app_id == "497799835"  # type: ignore[attr-defined]


def test_a_key_that_lost_its_line_ends_still_works() -> None:
    flat = keys.elliptic().replace("\n", " ")
    options = parse_options("appstore", {"app_id": APP, "issuer_id": "i", "key_id": "k", "private_key": flat})
    assert options.private_key.get_secret_value() == keys.elliptic()  # type: ignore[attr-defined]
