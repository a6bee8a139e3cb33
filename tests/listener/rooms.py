"""A furnished listener for tests: ground, a brand, and a channel that says what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from cryptography.fernet import Fernet
from pydantic import Field, SecretStr

from listener import brands, channels, sources, tokens
from listener.channels.base import (
    Channel,
    Cursor,
    Limits,
    Listen,
    MayReply,
    Options,
    Page,
    Post,
    PostAuthor,
    ReplyMode,
)
from listener.db import Database
from listener.ground import Ground
from listener.http import Http
from listener.settings import ListenerSettings
from listener.vault import Vault

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def ground(**settings: Any) -> Ground:
    return Ground(Http(allow=["127.0.0.1:*"]), Vault([Fernet.generate_key()]), ListenerSettings(**settings))


@pytest.fixture(autouse=True)
def no_tokens() -> None:
    """Forget kept access tokens: a later test's server may get the port, and so the key, of an earlier one's."""
    tokens.forget_all()


class ParrotOptions(Options):
    base_url: str = "https://parrot.example.test"
    token: SecretStr | None = None
    words: list[str] = Field(default_factory=list, json_schema_extra={"of": "source"})
    reads_per_day: int | None = Field(None, json_schema_extra={"of": "source"})


class Parrot(Channel[ParrotOptions]):
    """Says what `script` yields; a step may be a page, an error to raise, or a function to call."""

    kind: ClassVar[str] = "parrot"
    title: ClassVar[str] = "Parrot"
    options_type = ParrotOptions
    replies: ClassVar[bool] = True
    script: ClassVar[list[Any]] = []
    heard: ClassVar[list[tuple[Listen, Cursor | None]]] = []

    @classmethod
    def identity_of(cls, options: ParrotOptions) -> tuple[str, str]:
        return options.base_url, options.token.get_secret_value()[:4] if options.token else ""

    def limits(self) -> Limits:
        return Limits(length=100, poll_every=timedelta(minutes=5))

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        self.heard.append((what, cursor))
        self.known["handle"] = "@acme_help"
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step()
                continue
            yield step

    def may_reply(self, post: Post) -> MayReply:
        return MayReply(ReplyMode.API)

    def check(self) -> str:
        for step in self.script:
            if isinstance(step, Exception):
                raise step
        self.known["ours"] = ["acme_help"]
        return "as acme_help"


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> type[Parrot]:
    monkeypatch.setitem(channels.KINDS, "parrot", "tests.listener.rooms:Parrot")
    monkeypatch.setattr(Parrot, "script", [])
    monkeypatch.setattr(Parrot, "heard", [])
    return Parrot


@pytest.fixture
def say(parrot: type[Parrot]) -> Callable[..., None]:
    """Set what the channel says next: posts, pages, errors."""

    def script(*steps: Any) -> None:
        parrot.script[:] = [page(step) if isinstance(step, Post) else step for step in steps]

    return script


def page(*posts: Post, cursor: Cursor | None = None, **more: Any) -> Page:
    return Page(posts, cursor or {"v": 1}, **more)


def post(
    name: str, text: str = "acme is down", at: datetime = NOON, author: str | None = None, **more: Any
) -> Post:
    who = PostAuthor(author, author) if author else None
    return Post(name, text, at, author=who, **more)


def furnish(db: Database, kit: Ground, *names: str, query: str = "acme") -> list[int]:
    """Add the brand Acme and a source per name; return their ids."""
    brands.add(db, "Acme", query=query)
    return [sources.add(db, kit, "parrot", name=name, brand="Acme", settings={}) for name in names]


def texts(rows: Sequence[Any]) -> list[str]:
    return [row.text for row in rows]
