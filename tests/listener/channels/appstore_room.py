"""Apple's two interfaces on loopback: the public feed and App Store Connect."""

from __future__ import annotations

import json
import re
from typing import Any

import jwt

from tests.listener.channels import keys
from tests.listener.channels.review_room import Platform, Said, iso, now, says
from tests.listener.web_room import Answer, Asked

APP = "1234567890"


def entry(said: Said, **more: Any) -> dict[str, Any]:
    """An entry of the feed, as the store writes it."""
    return {
        "author": {
            "uri": {"label": f"https://itunes.apple.com/us/reviews/id{abs(hash(said.author)) % 10**8}"},
            "name": {"label": said.author},
            "label": "",
        },
        "updated": {"label": said.at.isoformat()},
        "im:rating": {"label": str(said.rating)},
        "im:version": {"label": "12.4"},
        "id": {"label": said.id},
        "title": {"label": "A title"},
        "content": {"label": said.text, "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": f"https://itunes.apple.com/us/review?id={APP}"}},
        "im:voteSum": {"label": "3"},
        **more,
    }


class Feed(Platform):
    kind = "appstore"

    def settings(self) -> dict[str, str]:
        return {"app_id": APP, "base_url": self.site.url, "countries": "us"}

    def is_reply(self, asked: Asked) -> bool:
        return False

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/lookup":
            return says({"resultCount": 1, "results": [{"trackName": "Acme"}]})
        found = re.fullmatch(
            rf"/(\w\w)/rss/customerreviews/page=(\d+)/id={APP}/sortby=mostrecent/json", asked.path
        )
        if not found:
            return Answer(status=404)
        number = int(found[2])
        if number > 10:
            return Answer("CustomerReviews RSS page depth is limited to 10", 400)
        said, _ = self.page(number) if found[1] == "us" else ([], None)
        feed: dict[str, Any] = {"updated": {"label": iso(now())}, "entry": [entry(one) for one in said]}
        if len(said) == 1:
            feed["entry"] = feed["entry"][0]
        if not said:
            del feed["entry"]
        return says({"feed": feed})


class Connect(Platform):
    kind = "appstore"

    def settings(self) -> dict[str, str]:
        return {
            "app_id": APP, "base_url": self.site.url, "issuer_id": "issuer-1", "key_id": "KEY1",
            "private_key": keys.elliptic(),
        }  # fmt: skip

    def is_reply(self, asked: Asked) -> bool:
        return asked.path == "/v1/customerReviewResponses"

    def answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one return a route
        if not self.signed(asked):
            return says({"errors": [{"status": "401", "code": "NOT_AUTHORIZED", "detail": "no"}]}, 401)
        if asked.path == f"/v1/apps/{APP}":
            return says({"data": {"id": APP, "attributes": {"name": "Acme Remote"}}})
        if asked.path == f"/v1/apps/{APP}/customerReviews":
            return self.listing(asked)
        if asked.path.startswith("/v1/customerReviews/"):
            said = self.one(asked.path.rpartition("/")[2])
            if said is None:
                return says(
                    {"errors": [{"status": "404", "code": "NOT_FOUND", "detail": "no such review"}]}, 404
                )
            return says({"data": self.resource(said), "included": self.included([said])})
        if self.is_reply(asked):
            return self.respond(json.loads(asked.body))
        return Answer(status=404)

    def signed(self, asked: Asked) -> bool:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, options={"verify_signature": False}, audience="appstoreconnect-v1")
        except jwt.PyJWTError:
            return False
        return bool(claims["iss"] == "issuer-1" and claims["exp"] - claims["iat"] <= 1200)

    def listing(self, asked: Asked) -> Answer:
        number = int(asked.query.get("cursor", "1"))
        assert asked.query["sort"] == "-createdDate"
        said, after = self.page(number)
        links = {"self": "x"}
        if after is not None:
            links["next"] = (
                f"https://api.appstoreconnect.apple.com{asked.path}?cursor={after}&sort=-createdDate&limit=200"
            )
        return says(
            {"data": [self.resource(one) for one in said], "included": self.included(said), "links": links}
        )

    def resource(self, said: Said) -> dict[str, Any]:
        answer = {"type": "customerReviewResponses", "id": f"a-{said.id}"} if said.answer else None
        return {
            "type": "customerReviews",
            "id": said.id,
            "attributes": {
                "rating": said.rating, "title": "A title", "body": said.text, "reviewerNickname": said.author,
                "createdDate": said.at.isoformat(), "territory": "USA",
            },
            "relationships": {"response": {"data": answer}},
        }  # fmt: skip

    def included(self, listed: Any) -> list[dict[str, Any]]:
        return [
            {
                "type": "customerReviewResponses",
                "id": f"a-{said.id}",
                "attributes": {
                    "responseBody": said.answer, "state": "PENDING_PUBLISH",
                    "lastModifiedDate": (said.answered_at or said.at).isoformat(),
                },
            }
            for said in listed
            if said.answer
        ]  # fmt: skip

    def respond(self, body: dict[str, Any]) -> Answer:
        name = body["data"]["relationships"]["review"]["data"]["id"]
        said = self.one(name)
        if said is None:
            return says({"errors": [{"status": "404", "detail": "there is no such review"}]}, 404)
        said.answer = body["data"]["attributes"]["responseBody"]
        said.answered_at = now()
        self.posted.append((name, said.answer))
        return says({"data": self.included([said])[0]}, 201)
