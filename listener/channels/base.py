"""What a channel is: one class per platform that listens *and* replies.

The rest of the product knows only this file. A channel never touches the database; what it must remember goes into
the cursor it returns with each page.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr

from listener import tokens
from listener.exchange import (
    Absent,
    Attempt,
    Cursor,
    Gone,
    Hook,
    Limits,
    Listen,
    MayReply,
    Page,
    Post,
    PostAuthor,
    Received,
    Refused,
    ReplyMode,
    Sent,
    Unsure,
    by_hand,
)
from listener.http import Http
from listener.looking import Look, Price, first_page
from listener.oauth.platform import Connector
from listener.said import mark

__all__ = [
    "Absent", "Attempt", "Channel", "Cursor", "Gone", "Hook", "Limits", "Listen", "MayReply", "Options", "Page", "Post",
    "PostAuthor", "Received", "Refused", "ReplyMode", "Secrets", "Sent", "Unsure", "by_hand",
]  # fmt: skip
Secrets = dict[str, str]


class Options(BaseModel):
    """Parent of every channel's options: form, validation, masking and encryption follow from it.

    A `SecretStr` field is encrypted at rest and masked on pages; a field with `json_schema_extra={"of": "source"}`
    belongs to the source (what it listens to), every other one to the account.
    """

    model_config = ConfigDict(extra="forbid")

    def plain(self) -> dict[str, Any]:
        """Return what is set, by name, secrets in clear: for a log-in, never for a page or a log."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in values.items()
            if value is not None
        }


OptionsT = TypeVar("OptionsT", bound=Options)


class Channel(ABC, Generic[OptionsT]):
    """One account on one platform. Made anew for each unit of work; cheap to construct, no I/O in `__init__`."""

    kind: ClassVar[str]
    title: ClassVar[str]
    options_type: ClassVar[type[Options]]
    replies: ClassVar[bool] = False
    receives: ClassVar[bool] = False
    streams: ClassVar[bool] = False  # offers `stream`; then it has a source's option `stream`, off by default
    one_stream: ClassVar[bool] = False  # the platform lets an account have one stream at a time
    connector: ClassVar[Connector | None] = None  # how an account is connected by logging in on the platform
    price: ClassVar[Price | None] = None  # of a platform that bills reads
    beside: ClassVar[tuple[str, ...]] = ()  # switches of what is read beside the queries: off for a look
    # how many posts a re-check asks for in one run, at most every two minutes; 0 = they cannot be asked for again
    refreshes: ClassVar[int] = 0

    def __init__(self, options: OptionsT, http: Http, save: Callable[[Secrets], None] | None = None) -> None:
        """`save` stores rotated secrets; `http` is the guarded client, the only way out."""
        self.options = options
        self.http = http
        self.save = save or (lambda _secrets: None)
        self.keeper: tokens.Keeper = tokens.Memory(lambda fresh: self.save(fresh))  # noqa: PLW0108 - `save` may be set later
        # what the platform told us about the account (our id there, an instance's limits; "handle": how people know
        # us there): JSON, loaded from and kept on the account's row by `listener.sources` and `listener.collect`, so
        # that limits() and may_reply() need no network
        self.known: dict[str, Any] = {}

    @classmethod
    def identity_of(cls, options: OptionsT) -> tuple[str, str]:
        """Return (base_url, identity): what makes two sources share one account."""
        del options
        return "", ""

    @classmethod
    def stream_covers(cls, options: Mapping[str, Any]) -> bool:
        """Say whether a stream with these options of a source hears what its polls hear; else they keep their pace."""
        del options
        return True

    @property
    def instance(self) -> str:
        """Within which server, app or system the ids of posts are unique; empty when the platform is one."""
        return ""

    def renewal(self) -> tokens.Renewal | None:
        """Return how the account's access token is bought anew; None = the credentials do not expire by themselves."""
        return None

    def limits(self) -> Limits:
        """Return what the platform allows; what an instance says is read by check() and remembered in `known`."""
        return Limits()

    @abstractmethod
    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        """Yield pages; each is stored with its cursor before the next is asked for. Raises ChannelError."""

    def look(self, what: Listen, *, posts: bool = True) -> Look:
        """Try queries and remember nothing: by default one page since `what.since`. Raises ChannelError.

        A platform that bills reads overrides it to count for nothing; `posts`: whether paid reads are wanted too.
        """
        del posts
        return first_page(self, what)

    def stream(self, what: Listen, cursor: Cursor | None, stop: Event) -> Iterator[Page]:
        """Yield what arrives by itself, for as long as it does, in a thread of its own. Raises ChannelError.

        The first page says that we are connected. At least once a second a page comes, empty where nothing arrived,
        so that the stream can be ended; a channel that waits, waits for `stop`. `cursor` is the stream's own, not the
        one of `listen`: polls find what a stream has missed.
        """
        raise NotImplementedError(f"{self.kind} has no stream")

    def may_reply(self, post: Post) -> MayReply:
        """Say how this post can be answered, without network where possible."""
        if post.url:
            return MayReply(
                ReplyMode.LINK,
                mark("%(title)s has no API for replies; open the post and answer there", title=self.title),
            )
        return MayReply(ReplyMode.NONE, mark("%(title)s has no way to reply", title=self.title))

    def compose(self, to: Post, text: str) -> str:
        """Return what will be public when `text` answers `to`: some platforms want the author named in front."""
        del to
        return text

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        """Post a public reply, once, without any retry. Raises ChannelError; any other error means *unknown*."""
        raise NotImplementedError(f"{self.kind} cannot reply")

    def find(self, attempt: Attempt) -> Sent | Absent | Refused | Unsure:
        """Look for our reply on the platform: after a call without a clear end, and while it is pending."""
        del attempt
        return Unsure(f"{self.title} cannot list replies")

    def receive(self, hook: Hook) -> Received:
        """Check the signature of a webhook and return what it carries. Raises ChannelError (permanent)."""
        raise NotImplementedError(f"{self.kind} has no webhook")

    def hook_secret(self) -> str | None:
        """Return the secret that a webhook's address must carry; None = nothing is received."""
        return None

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """Re-read posts, in their order: edited, deleted, rating changed, and our own answers below them.

        A post that is not yielded is taken as unchanged. Raises ChannelError: what was yielded before it counts.
        """
        del posts
        return iter(())

    @abstractmethod
    def check(self) -> str:
        """Test the connection; return one line that says as whom. Raises ChannelError."""
