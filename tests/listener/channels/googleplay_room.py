"""Google Play on loopback: the publisher API with its token endpoint, and the store's page."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.listener.channels import keys
from tests.listener.channels.review_room import Platform, Said, now, says
from tests.listener.web_room import Answer, Asked

PACKAGE = "com.example.acme"


class Publisher(Platform):
    kind = "googleplay"

    def settings(self) -> dict[str, str]:
        return {
            "package_name": PACKAGE,
            "base_url": self.site.url,
            "service_account": keys.service_account(),
        }

    def is_reply(self, asked: Asked) -> bool:
        return asked.path.endswith(":reply")

    def answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one return a route
        if asked.path == "/token":
            return self.grant(asked)
        if asked.headers.get("authorization") != f"Bearer at-{self.tokens}":
            return says(
                {"error": {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}}, 401
            )
        found = re.fullmatch(
            rf"/androidpublisher/v3/applications/{re.escape(PACKAGE)}/reviews(?:/([^/]+))?",
            unquote(asked.path),
        )
        if not found:
            return says({"error": {"code": 404, "message": "no such app"}}, 404)
        if not found[1]:
            said, after = self.page(int(asked.query.get("token", "1")))
            document: dict[str, Any] = {"reviews": [self.review(one) for one in said]}
            if after is not None:
                document["tokenPagination"] = {"nextPageToken": str(after)}
            return says(document)
        said_one = self.one(found[1].removesuffix(":reply"))
        if said_one is None:
            return says({"error": {"code": 404, "message": "Review not found", "status": "NOT_FOUND"}}, 404)
        if found[1].endswith(":reply"):
            return self.reply(said_one, json.loads(asked.body)["replyText"])
        return says(self.review(said_one))

    def grant(self, asked: Asked) -> Answer:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        public = load_pem_private_key(
            json.loads(keys.service_account())["private_key"].encode(), None
        ).public_key()
        claims = jwt.decode(
            form["assertion"],
            public,
            algorithms=["RS256"],
            audience="https://oauth2.googleapis.com/token",  # type: ignore[arg-type]
        )
        assert claims["iss"] == "reviews@acme.example.test"
        assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
        self.tokens += 1
        return says({"access_token": f"at-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"})

    def review(self, said: Said) -> dict[str, Any]:
        comments: list[dict[str, Any]] = [
            {
                "userComment": {
                    "text": said.text, "starRating": said.rating, "reviewerLanguage": "en_US",
                    "lastModified": stamp(said.at.timestamp()), "appVersionName": "2.7.1", "thumbsUpCount": 4,
                    "deviceMetadata": {"productName": "starlte (Galaxy S9)"},
                }
            }
        ]  # fmt: skip
        if said.answer:
            at = (said.answered_at or said.at).timestamp()
            comments.append({"developerComment": {"text": said.answer, "lastModified": stamp(at)}})
        return {"reviewId": said.id, "authorName": said.author, "comments": comments}

    def reply(self, said: Said, text: str) -> Answer:
        said.answer, said.answered_at = text, now()
        self.posted.append((said.id, text))
        return says({"result": {"replyText": text, "lastEdited": stamp(said.answered_at.timestamp())}})


class Page(Platform):
    kind = "googleplay"

    def settings(self) -> dict[str, str]:
        return {"package_name": PACKAGE, "base_url": self.site.url}

    def is_reply(self, asked: Asked) -> bool:
        return False

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/store/apps/details":
            return Answer("<html><title>Acme &amp; Co - Apps on Google Play</title></html>")
        assert asked.path == "/_/PlayStoreUi/data/batchexecute"
        ((rpc, inner, _, _),) = json.loads(parse_qs(asked.body.decode())["f.req"][0])[0]
        _, (_, sort, size, _, _), (package, _) = json.loads(inner)
        assert (rpc, sort, package) == ("oCPfdb", 2, PACKAGE)
        said, after = self.page(int(size[2]) if len(size) > 1 else 1)
        rows = [self.row(one) for one in said]
        found = json.dumps([rows, [None, str(after)] if after else None, None])
        return Answer(")]}'\n\n" + json.dumps([["wrb.fr", "oCPfdb", found, None], ["di", 23]]))

    def row(self, said: Said) -> list[Any]:
        at = said.answered_at or said.at
        answer = ["Acme", said.answer, [int(at.timestamp()), 0]] if said.answer else None
        return [
            said.id, [said.author, [None, 2]], said.rating, None, said.text, [int(said.at.timestamp()), 5], 4, answer,
            None, None, "2.7.1",
        ]  # fmt: skip


def stamp(at: float) -> dict[str, Any]:
    return {"seconds": str(int(at)), "nanos": 525000000}
