"""Feeds: fetched by us, parsed gently, each entry once, and clear words when it is no feed."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.channels.base import Listen, Page, Post, ReplyMode
from listener.channels.feed import Feed, FeedOptions
from listener.errors import ChannelError
from listener.ground import Ground
from listener.sources import SourceError, parse_options
from tests.listener.web_room import Answer, Site

RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>Press</title><language>en</language>{}</channel></rss>'
ITEM = (
    "<item><guid>urn:press:{0}</guid><title>Acme {0}</title><link>/news/{0}</link>"
    "<description>{1}</description>{2}</item>"
)
SINCE = datetime(2026, 11, 24, tzinfo=UTC)
RECENT = "<pubDate>Tue, 24 Nov 2026 10:00:00 GMT</pubDate>"
OLD = "<pubDate>Tue, 03 Nov 2020 10:00:00 GMT</pubDate>"
XML = {"Content-Type": "application/rss+xml"}


def item(name: str, words: str = "words", date: str = RECENT) -> str:
    return ITEM.format(name, words, date)


def channel(kit: Ground, site: Site) -> Feed:
    return Feed(FeedOptions(url=f"{site.url}/feed"), kit.http)


def listen(made: Feed, cursor: dict[str, object] | None = None) -> Page:
    (page,) = made.listen(Listen([], SINCE), cursor)
    return page


def serve(site: Site, *items: str, **headers: str) -> None:
    site.answer = lambda asked: Answer(RSS.format("".join(items)), headers=XML | headers)


def test_an_entry_becomes_a_post(kit: Ground, site: Site) -> None:
    serve(site, item("a", "&lt;p&gt;It &lt;b&gt;fell&lt;/b&gt; apart &amp;amp; burned.&lt;/p&gt;"))
    (post,) = listen(channel(kit, site)).posts
    assert (post.id, post.title, post.text) == ("urn:press:a", "Acme a", "It fell apart & burned.")
    assert post.url == f"{site.url}/news/a"
    assert post.posted_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert (post.language, post.instance) == ("en", site.url.removeprefix("http://"))


def test_old_entries_are_left_out_first_but_an_old_dated_newcomer_is_heard(kit: Ground, site: Site) -> None:
    serve(site, item("new"), item("old", date=OLD))
    first = listen(channel(kit, site))
    assert [post.id for post in first.posts] == ["urn:press:new"]
    serve(site, item("late", date=OLD), item("new", "edited"), item("old", date=OLD))
    second = listen(channel(kit, site), first.cursor)
    assert [post.id for post in second.posts] == ["urn:press:late", "urn:press:new"]


def test_an_unchanged_feed_is_not_read_again(kit: Ground, site: Site) -> None:
    def answer(asked: object) -> Answer:
        if getattr(asked, "headers", {}).get("if-none-match") == '"v1"':
            return Answer(status=304)
        return Answer(RSS.format(item("a")), headers=XML | {"ETag": '"v1"'})

    site.answer = answer
    first = listen(channel(kit, site))
    second = listen(channel(kit, site), first.cursor)
    assert second.posts == ()
    assert second.cursor == first.cursor


def test_a_feed_that_is_cut_on_its_way_is_read_whole_the_next_time(kit: Ground, site: Site) -> None:
    whole = RSS.format(item("a") + item("b") + item("old", date=OLD))

    def answer(asked: object) -> Answer:
        if getattr(asked, "headers", {}).get("if-none-match") == '"v1"':
            return Answer(status=304)
        body = whole[: whole.index("urn:press:b")] if len(site.asked) == 1 else whole
        return Answer(body, headers=XML | {"ETag": '"v1"'})

    site.answer = answer
    pages = channel(kit, site).listen(Listen([], SINCE), None)
    first = next(pages)
    assert [post.id for post in first.posts] == ["urn:press:a"]
    with pytest.raises(ChannelError, match="ends in the middle"):
        next(pages)
    second = listen(channel(kit, site), first.cursor)
    assert {post.id for post in second.posts} == {"urn:press:a", "urn:press:b"}
    assert listen(channel(kit, site), second.cursor).posts == ()  # unchanged since the whole one


def test_a_missing_guid_and_date_still_make_one_post(kit: Ground, site: Site) -> None:
    serve(site, "<item><title>Acme fails</title><description>again</description></item>")
    one, two = (listen(channel(kit, site)).posts[0] for _ in range(2))
    assert one.id == two.id
    assert one.id.startswith("sha256:")
    assert abs(one.posted_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_reading_that_shares_nothing_with_the_last_says_so(kit: Ground, site: Site) -> None:
    serve(site, item("a"))
    first = listen(channel(kit, site))
    serve(site, item("z"))
    assert listen(channel(kit, site), first.cursor).truncated


def test_html_is_named_as_such_with_the_feed_it_points_to(kit: Ground, site: Site) -> None:
    page = '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss.xml"></head></html>'
    site.answer = lambda asked: Answer(page, headers={"Content-Type": "text/html"})
    with pytest.raises(ChannelError, match="answers HTML, not a feed") as raised:
        listen(channel(kit, site))
    assert f"{site.url}/rss.xml" in raised.value.hint


@pytest.mark.parametrize("body", ["", "nothing", "<rss", "{}", "\x00\x01"])
def test_what_is_no_feed_is_refused_in_words(kit: Ground, site: Site, body: str) -> None:
    site.answer = lambda asked: Answer(body, headers={"Content-Type": "text/plain"})
    with pytest.raises(ChannelError, match="is not a feed"):
        listen(channel(kit, site))


def test_xml_entities_are_refused(kit: Ground, site: Site) -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    bomb = f'<?xml version="1.0"?>{entities}<rss version="2.0"><channel/></rss>'
    site.answer = lambda asked: Answer(bomb, headers=XML)
    with pytest.raises(ChannelError, match="entities"):
        listen(channel(kit, site))


def test_an_external_entity_opens_no_file(kit: Ground, site: Site, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not tell")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    body = f'<?xml version="1.0"?>{entity}<rss version="2.0"><channel/></rss>'
    site.answer = lambda asked: Answer(body, headers=XML)
    with pytest.raises(ChannelError, match="entities"):
        listen(channel(kit, site))


def test_a_gzip_bomb_ends_early(site: Site) -> None:
    from listener.http import Http

    bomb = gzip.compress(b" " * 30_000_000)
    site.answer = lambda asked: Answer(bomb, headers=XML | {"Content-Encoding": "gzip"})
    made = Feed(FeedOptions(url=f"{site.url}/feed"), Http(allow=["127.0.0.1:*"], max_bytes=1_000_000))
    with pytest.raises(ChannelError):
        listen(made)


def test_a_private_address_is_not_fetched(site: Site) -> None:
    from listener.http import Http

    made = Feed(FeedOptions(url=f"{site.url}/feed"), Http())
    with pytest.raises(ChannelError):
        listen(made)
    assert site.asked == []


def test_feeds_are_answered_by_hand(kit: Ground, site: Site) -> None:
    post = Post("a", "x", SINCE, url="https://news.example.test/a")
    assert channel(kit, site).may_reply(post).mode is ReplyMode.LINK


def test_the_address_is_checked_when_the_source_is_added() -> None:
    with pytest.raises(SourceError, match=r"url: .*http or https"):
        parse_options("feed", {"url": "ftp://news.example.test"})
    with pytest.raises(SourceError, match="url: Field required"):
        parse_options("feed", {})


def test_recorded_feeds_are_read_or_refused_in_words(kit: Ground, site: Site, recorded: Path) -> None:
    files = sorted((recorded / "rss").glob("*.xml"))
    assert files
    read = 0
    for file in files:
        body = file.read_bytes()
        site.answer = lambda asked, body=body: Answer(body, headers={"Content-Type": "application/xml"})  # type: ignore[misc]
        try:
            page = listen(channel(kit, site))
        except ChannelError as error:
            assert str(error)  # noqa: PT017 - refusing is fine, a crash is not
            continue
        read += 1
        assert all(post.id for post in page.posts)
    assert read > len(files) / 2
