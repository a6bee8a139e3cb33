"""Trustpilot on loopback: token endpoint, private and public reviews, answers."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import Any

from tests.listener.channels.review_room import Platform, Said, now, says
from tests.listener.web_room import Answer, Asked

UNIT = "507f191e810c19729de860ea"
USER = "507f191e810c19729de860eb"
KEY, SECRET = "key-of-acme-shop", "secret-of-acme-shop"
TOKEN = "/v1/oauth/oauth-business-users-for-applications/accesstoken"


class Business(Platform):
    kind = "trustpilot"

    def settings(self) -> dict[str, str]:
        return {
            "business_unit_id": UNIT, "api_key": KEY, "api_secret": SECRET, "author_business_user_id": USER,
            "base_url": self.site.url, "webhook_secret": "sesame-open-now",
        }  # fmt: skip

    def is_reply(self, asked: Asked) -> bool:
        return asked.path.endswith("/reply")

    def allowed(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer at-{self.tokens}"

    def answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one return a route
        if asked.path == TOKEN:
            assert asked.headers["authorization"] == "Basic " + b64encode(f"{KEY}:{SECRET}".encode()).decode()
            assert asked.body == b"grant_type=client_credentials"
            self.tokens += 1
            return says({"access_token": f"at-{self.tokens}", "expires_in": "359999"})
        if asked.path == f"/v1/business-units/{UNIT}":
            assert asked.headers["apikey"] == KEY
            return says({"displayName": "Acme Shop"})
        scope = "/private" if self.allowed(asked) else "" if asked.headers.get("apikey") == KEY else "refused"
        if asked.path == f"/v1{scope}/business-units/{UNIT}/reviews":
            return self.listing(asked)
        found = re.fullmatch(rf"/v1{scope}/reviews/(\w+)(/reply)?", asked.path)
        if not found:
            return says({"message": "no"}, 401)
        said = self.one(found[1])
        if said is None:
            return says({"message": "Review not found"}, 404)
        if found[2]:
            return self.respond(said, json.loads(asked.body))
        return says(self.review(said))

    def listing(self, asked: Asked) -> Answer:
        said, _ = self.page(int(asked.query.get("page", "1")), int(asked.query["perPage"]))
        return says({"links": [], "reviews": [self.review(one) for one in said]})

    def respond(self, said: Said, body: dict[str, Any]) -> Answer:
        assert body["authorBusinessUserId"] == USER
        said.answer, said.answered_at = body["message"], now()
        self.posted.append((said.id, body["message"]))
        return Answer(status=201)

    def review(self, said: Said) -> dict[str, Any]:
        reply = None
        if said.answer:
            reply = {"text": said.answer, "createdAt": (said.answered_at or said.at).isoformat()}
        return {
            "id": said.id, "stars": said.rating, "title": "A title", "text": said.text, "language": "en",
            "createdAt": said.at.replace(tzinfo=None).isoformat(), "updatedAt": None, "companyReply": reply,
            "consumer": {"id": f"c-{said.id}", "displayName": said.author}, "numberOfLikes": 1,
            "referralEmail": "ada@customer.example.test", "referenceId": "A-1", "isVerified": True,
        }  # fmt: skip


class Public(Business):
    def settings(self) -> dict[str, str]:
        return {"business_unit_id": UNIT, "api_key": KEY, "base_url": self.site.url}
