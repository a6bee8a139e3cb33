"""A JSON API on our client: what is sent, what is taken back, what an unreadable answer means."""

from __future__ import annotations

import json

import pytest

from listener.api import Api
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from tests.listener.channels.review_room import says
from tests.listener.web_room import Answer, Site


def test_a_read_and_a_write(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says({"ok": True})
    api = Api(kit.http, site.url + "/", title="Acme", bearer=lambda: "t1", headers={"X-Key": "k"})
    assert api.read("/v1/a", {"page": "2"}, {"X-More": "m"}) == {"ok": True}
    assert api.write("POST", "/v1/b", {"text": "שלום"}) == {"ok": True}
    read, write = site.asked
    assert (read.method, read.path, read.query) == ("GET", "/v1/a", {"page": "2"})
    assert (read.headers["authorization"], read.headers["x-key"], read.headers["x-more"]) == (
        "Bearer t1",
        "k",
        "m",
    )
    assert (write.method, json.loads(write.body), write.headers["content-type"]) == (
        "POST",
        {"text": "שלום"},
        "application/json",
    )


def test_an_empty_answer_to_a_write_is_one(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: Answer(status=204)
    assert Api(kit.http, site.url, title="Acme").write("POST", "/", {}) == {}


@pytest.mark.parametrize("body", ["<html>", "[]", '"text"', "{"])
def test_an_unreadable_answer_to_a_write_leaves_it_open(kit: Ground, site: Site, body: str) -> None:
    site.answer = lambda asked: Answer(body)
    with pytest.raises(ChannelError, match="Acme") as raised:
        Api(kit.http, site.url, title="Acme").write("POST", "/", {})
    assert raised.value.delivered
    assert raised.value.status is None
    assert not raised.value.permanent


def test_a_refused_token_is_told(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says({"message": "no"}, 401)
    told: list[bool] = []
    with pytest.raises(HttpError):
        Api(kit.http, site.url, title="Acme", bearer=lambda: "t", refused=lambda: told.append(True)).read("/")
    assert told == [True]


def test_a_write_is_sent_once_whatever_happens(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: Answer(status=503)
    with pytest.raises(HttpError):
        Api(kit.http, site.url, title="Acme").write("POST", "/", {})
    assert len(site.asked) == 1
