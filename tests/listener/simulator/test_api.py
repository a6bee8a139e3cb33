from __future__ import annotations

from typing import Any

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError

from listener.simulator import Simulator
from tests.listener.simulator.conftest import connect


def test_the_instance_tells_its_rules(client: Any) -> None:
    for instance in (client.instance_v1(), client.instance_v2()):
        statuses = instance["configuration"]["statuses"]
        assert (statuses["max_characters"], statuses["characters_reserved_per_url"]) == (500, 23)


def test_who_am_i_and_who_is_that(client: Any) -> None:
    assert client.account_verify_credentials()["acct"] == "tolvane"
    assert client.account_lookup("fernweh_phil@hill.example.test")["display_name"] == "Phil Fernweh"
    assert client.account_lookup("skidki_bot")["bot"] is True
    with pytest.raises(MastodonNotFoundError):
        client.account_lookup("nobody_at_all")


def test_a_wrong_token_and_no_token_are_401(simulator: Simulator) -> None:
    with pytest.raises(MastodonUnauthorizedError, match="access token is invalid"):
        connect(simulator, "wrong").account_verify_credentials()
    nobody = connect(simulator, "")
    with pytest.raises(MastodonUnauthorizedError):
        nobody.search_v2("tolvane", result_type="statuses")
    assert nobody.timeline_hashtag("TolvaneDown")


def test_notifications_are_the_mentions_of_the_brand(client: Any, simulator: Simulator) -> None:
    seen, page = [], client.notifications(types=["mention"], limit=10)
    while page:
        seen += [one["status"]["id"] for one in page]
        page = client.fetch_next(page) or []
    brand = simulator.world.brand
    expected = {
        post.id
        for post in simulator.world.on("mastodon")
        if brand in post.mentions and post.account is not brand
    }
    assert len(seen) == len(set(seen)) > 60
    assert set(seen) == expected
    assert client.notifications(types=["follow"]) == []


def test_a_status_is_html_with_links(client: Any) -> None:
    [status] = client.search_v2('"Other people have this"', result_type="statuses")["statuses"]
    assert status["content"].startswith('<p><span class="h-card" translate="no"><a href="http://127.0.0.1')
    assert status["account"]["acct"] == "mabel_undershaw"
    assert status["mentions"][0]["acct"] == "tolvane"
    # words of the live pool are not part of the week
    assert client.search_v2('"Which planet"', result_type="statuses")["statuses"] == []


def test_what_people_type_cannot_become_markup(client: Any) -> None:
    made = client.status_post(
        "<script>alert(1)</script> & #tag_1\nnext line\n\nnew https://a.example.test/?a=1&b=2"
    )
    assert "<script" not in made["content"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <a href=" in made["content"]
    assert "<br />next line</p><p>new <a href=" in made["content"]
    assert [tag["name"] for tag in made["tags"]] == ["tag_1"]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 500, 500),
        ("👩‍👩‍👧" * 500, 500),
        ("https://example.test/" + "x" * 400, 23),
        ("@somebody@a-very-long-host.example.test hi", 12),
    ],
)
def test_lengths_are_counted_as_mastodon_does(client: Any, text: str, length: int) -> None:
    assert client.status_post(text)["id"]
    with pytest.raises(MastodonAPIError, match="422"):
        client.status_post(text + " " + "y" * (500 - length))


def test_an_empty_status_is_refused(client: Any) -> None:
    with pytest.raises(MastodonAPIError, match="blank"):
        client.status_post("   ")


def test_edit_and_delete_own_statuses_only(client: Any, simulator: Simulator) -> None:
    made = client.status_post("first words")
    assert client.status_update(made["id"], "second words")["edited_at"] is not None
    versions = [one["content"] for one in client.status_history(made["id"])]
    assert versions == ["<p>first words</p>", "<p>second words</p>"]
    client.status_delete(made["id"])
    with pytest.raises(MastodonNotFoundError):
        client.status(made["id"])
    foreign = next(post for post in simulator.world.posts if post.account is not simulator.world.brand)
    with pytest.raises(MastodonNotFoundError):
        client.status_delete(foreign.id)
    assert simulator.world.post(foreign.id) is foreign


def test_a_private_answer_is_seen_by_the_two_only(client: Any, simulator: Simulator) -> None:
    asked = client.notifications(types=["mention"])[0]["status"]
    made = client.status_post(
        f"@{asked['account']['acct']} hello", in_reply_to_id=asked["id"], visibility="direct"
    )
    assert client.status(made["id"])["visibility"] == "direct"
    with pytest.raises(MastodonNotFoundError):
        connect(simulator, "").status(made["id"])
    assert made["id"] not in {one["id"] for one in client.timeline_public()}


def test_ids_of_notifications_grow_although_posts_are_deleted(client: Any, simulator: Simulator) -> None:
    before = client.notifications(limit=1)[0]["id"]
    for post in [one.post for one in simulator.world.notifications[-8:]]:
        simulator.world.delete(post)
    simulator.world.publish(simulator.world.add_account("ada", "Ada"), "@tolvane still down")
    assert int(client.notifications(limit=1)[0]["id"]) > int(before)
