from __future__ import annotations

from typing import Any

import feedparser
import pytest
import requests
from click.testing import CliRunner

from listener.simulator import Simulator
from listener.simulator import scenario as scenarios
from listener.simulator.bluesky.names import key_of
from listener.simulator.cli import sim
from listener.simulator.errors import SimulatorError
from listener.simulator.reddit.asked import name_of
from listener.simulator.reviews import uuid_of
from listener.simulator.x.ids import number


def get(simulator: Simulator, path: str, **headers: str) -> requests.Response:
    return requests.get(simulator.base_url + path, headers=headers, timeout=5)


def test_the_feed_is_rss_and_knows_304(simulator: Simulator) -> None:
    answer = get(simulator, "/feeds/news.xml")
    parsed = feedparser.parse(answer.content)
    assert parsed.version == "rss20"
    assert not parsed.bozo
    assert len(parsed.entries) == 6
    assert "Tolvane network down" in parsed.entries[0].title
    assert len({entry.id for entry in parsed.entries}) == 6
    assert all(entry.published_parsed for entry in parsed.entries)
    again = get(simulator, "/feeds/news.xml", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    since = get(simulator, "/feeds/news.xml", **{"If-Modified-Since": answer.headers["Last-Modified"]})
    assert since.status_code == 304


def test_hacker_news_is_searched_by_date(simulator: Simulator) -> None:
    path = "/hn/api/v1/search_by_date?query=tolvane&typoTolerance=false&hitsPerPage=2&tags=(story,comment)"
    first = get(simulator, path).json()
    assert (first["nbHits"], first["nbPages"], len(first["hits"])) == (5, 3, 2)
    dates = [hit["created_at_i"] for hit in first["hits"]]
    assert dates == sorted(dates, reverse=True)
    older = get(simulator, f"{path}&numericFilters=created_at_i<{dates[-1]}").json()
    assert older["nbHits"] == 3
    stories = get(simulator, "/hn/api/v1/search_by_date?query=tolvane&tags=story").json()["hits"]
    assert all(hit["title"] and hit["comment_text"] is None for hit in stories)
    item = get(simulator, f"/hn/api/v1/items/{first['hits'][0]['objectID']}").json()
    assert item["parent_id"] == first["hits"][0]["parent_id"]
    assert get(simulator, "/hn/api/v1/items/1").status_code == 404


def test_our_answer_is_seen_on_the_public_page(simulator: Simulator, client: Any) -> None:
    asked = client.search_v2("daffodils", result_type="statuses")["statuses"][0]
    made = client.status_post("Sorry! <b>We</b> will park elsewhere.", in_reply_to_id=asked["id"])
    for url in (asked["url"], made["url"]):
        page = requests.get(url, timeout=5)
        assert page.status_code == 200
        assert "daffodils" in page.text
        assert "&lt;b&gt;We&lt;/b&gt; will park elsewhere" in page.text
    assert "will park elsewhere" in get(simulator, "/").text
    assert "Rusty Gate Ron" in get(simulator, "/@rusty_gate_ron").text


def test_what_is_not_there_is_404(simulator: Simulator) -> None:
    post = simulator.world.posts[0]
    for path in ("/@tolvane/1", f"/@rusty_gate_ron/{post.id}", "/@nobody", "/news/99", "/nothing"):
        answer = get(simulator, path)
        assert answer.status_code == 404
        assert "<h1>404" in answer.text
    assert get(simulator, "/api/v1/nothing").json() == {"error": "Not Found"}


def test_the_command_lists_scenarios_and_names_a_wrong_one() -> None:
    listed = CliRunner().invoke(sim, ["scenarios"])
    assert listed.exit_code == 0
    names = [line.split("\t")[0] for line in listed.output.splitlines()]
    assert names == ["brand_week", "burst", "crisis", "quiet"]
    wrong = CliRunner().invoke(sim, ["serve", "--scenario", "nope", "--port", "0"])
    assert wrong.exit_code == 1
    assert "there is no scenario 'nope'" in wrong.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('posts = [{ ago = "1h", by = "nobody", text = "x" }]', "nobody called 'nobody'"),
        (
            'posts = [{ ago = "soon", by = "ann", text = "x" }]\n[people]\nann = "Ann"',
            "'soon' is not a duration",
        ),
        ('posts = [{ ago = "1h", by = "ann" }]\n[people]\nann = "Ann"', "post 1: text is missing"),
        (
            'posts = [{ ago = "1h", by = "ann", text = "x", re = "a" }]\n[people]\nann = "Ann"',
            "'a' is the id of no",
        ),
        (
            'posts = [{ ago = "1h", by = "ann", text = 5 }]\n[people]\nann = "Ann"',
            "text is unknown or of the wrong",
        ),
        ("posts = [", "en.toml"),
    ],
)
def test_a_bad_scenario_file_is_named(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "world.toml").write_text(
        'title = "t"\n[brand]\nname = "B"\nhandle = "b"\nnote = ""\nquery = "b"\n'
    )
    (folder / "en.toml").write_text(text)
    monkeypatch.setattr(scenarios, "FOLDER", tmp_path)
    with pytest.raises(SimulatorError, match=said):
        scenarios.read("mine")


@pytest.mark.parametrize(
    ("platform", "address"),
    [
        ("x", "https://x.com/ada/status/{x}"),
        ("reddit", "https://www.reddit.com/r/casualtalk/comments/{reddit}/post/"),
        ("bluesky", "https://bsky.app/profile/ada.example.test/post/{bluesky}"),
        ("googleplay", "https://play.google.com/store/apps/details?id=com.example.brand&reviewId={play}"),
    ],
)
def test_the_address_on_the_platform_leads_to_the_page_here(
    simulator: Simulator, platform: str, address: str
) -> None:
    post = simulator.world.publish(
        simulator.world.add_account("ada", "Ada"), "tolvane is down", platform=platform
    )
    url = address.format(
        x=number(post.number), reddit=name_of(post), bluesky=key_of(post), play=uuid_of(post)
    )
    led = requests.get(f"{simulator.base_url}/go", params={"url": url}, timeout=5)
    assert (led.status_code, led.url) == (200, f"{simulator.base_url}/@ada/{post.id}")


@pytest.mark.parametrize(
    "url", ["", "https://evil.example.test/", "//evil.example.test", "https://x.com/a/status/1"]
)
def test_other_addresses_lead_to_the_recent_posts(simulator: Simulator, url: str) -> None:
    led = requests.get(f"{simulator.base_url}/go", params={"url": url}, timeout=5)
    assert led.url == f"{simulator.base_url}/"
