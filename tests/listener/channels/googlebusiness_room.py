"""Google Business Profile on loopback: reviews of a place, answers with their state, and the token endpoint."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

from tests.listener.channels.review_room import Platform, Said, iso, now, says
from tests.listener.web_room import Answer, Asked

LOCATION = "accounts/11/locations/22"
STARS = ["STAR_RATING_UNSPECIFIED", "ONE", "TWO", "THREE", "FOUR", "FIVE"]


class Profile(Platform):
    kind = "googlebusiness"

    def __init__(self, site: Any) -> None:
        super().__init__(site)
        self.state = "PENDING"
        self.violation: str | None = None

    def settings(self) -> dict[str, str]:
        return {
            "location": LOCATION, "client_id": "client-1", "client_secret": "secret-of-the-client",
            "refresh_token": "refresh-of-the-owner", "base_url": self.site.url,
        }  # fmt: skip

    def is_reply(self, asked: Asked) -> bool:
        return asked.method == "PUT"

    def answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one return a route
        if asked.path == "/token":
            form = parse_qs(asked.body.decode())
            assert form["refresh_token"] == ["refresh-of-the-owner"]
            self.tokens += 1
            return says({"access_token": f"at-{self.tokens}", "expires_in": 3599})
        if asked.headers.get("authorization") != f"Bearer at-{self.tokens}":
            return says({"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}, 401)
        if asked.path == "/v1/accounts/11":
            return says({"name": "accounts/11", "accountName": "Acme Ltd"})
        found = re.fullmatch(rf"/v4/{LOCATION}/reviews(?:/(\w+)(/reply)?)?", asked.path)
        if not found:
            return says({"error": {"code": 404, "message": "no such place", "status": "NOT_FOUND"}}, 404)
        if not found[1]:
            return self.listing(asked)
        said = self.one(found[1])
        if said is None:
            return says({"error": {"code": 404, "message": "no such review", "status": "NOT_FOUND"}}, 404)
        if not found[2]:
            return says(self.review(said))
        return self.respond(said, json.loads(asked.body)["comment"])

    def listing(self, asked: Asked) -> Answer:
        assert asked.query.get("orderBy", "updateTime desc") == "updateTime desc"
        said, after = self.page(int(asked.query.get("pageToken", "1")))
        document: dict[str, Any] = {
            "reviews": [self.review(one) for one in said],
            "totalReviewCount": len(self.reviews),
        }
        return says(document | ({"nextPageToken": str(after)} if after else {}))

    def respond(self, said: Said, text: str) -> Answer:
        said.answer, said.answered_at = text, now()
        self.posted.append((said.id, text))
        return says(self.reply(said))

    def reply(self, said: Said) -> dict[str, Any]:
        made = {
            "comment": said.answer, "updateTime": iso(said.answered_at or said.at), "reviewReplyState": self.state,
        }  # fmt: skip
        return made | ({"policyViolation": self.violation} if self.violation else {})

    def review(self, said: Said) -> dict[str, Any]:
        made = {
            "name": f"{LOCATION}/reviews/{said.id}", "reviewId": said.id, "comment": said.text,
            "reviewer": {"displayName": said.author, "isAnonymous": False}, "starRating": STARS[said.rating],
            "createTime": iso(said.at).replace("Z", "123Z") if said.at.microsecond else iso(said.at),
            "updateTime": iso(said.at).replace("Z", "123Z") if said.at.microsecond else iso(said.at),
        }  # fmt: skip
        return made | ({"reviewReply": self.reply(said)} if said.answer else {})
