"""What the simulated platforms are made of: accounts, posts, notifications, articles. Data only, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, eq=False)
class Account:
    """A person or brand on the simulated instance; `host` is empty for people of the instance itself."""

    id: str
    username: str
    name: str
    created_at: datetime
    host: str = ""
    bot: bool = False
    note: str = ""
    followers: int = 0
    language: str = "en"
    statuses: int = 0
    last_at: datetime | None = None
    left: set[str] = field(default_factory=set)  # platforms on which the account was deleted

    @property
    def acct(self) -> str:
        """Return the handle as the API shows it: without a host for local people."""
        return f"{self.username}@{self.host}" if self.host else self.username


@dataclass(slots=True, eq=False)
class Post:
    """One status, post, comment, review or mail. `created_at` is the author's word, `heard_at` the server's; in UTC.

    `platform` is a channel's kind; `name` the platform's own name where the id is not it (a record key, a Message-ID);
    `place` the subreddit, the store's country or the mail's recipient; `rating` the stars of a review.
    """

    id: str
    account: Account
    text: str
    created_at: datetime
    heard_at: datetime
    language: str | None = "en"
    visibility: str = "public"
    spoiler: str = ""
    parent: Post | None = None
    boost_of: Post | None = None
    edited_at: datetime | None = None
    versions: list[tuple[datetime, str]] = field(default_factory=list)
    deleted: bool = False
    favourites: int = 0
    boosts: int = 0
    answers: int = 0
    mentions: list[Account] = field(default_factory=list)
    by_token: bool = False
    platform: str = "mastodon"
    title: str = ""
    rating: int | None = None
    place: str = ""
    name: str = ""

    @property
    def number(self) -> int:
        """Return the id as a number: ids sort by it, not as text."""
        return int(self.id)

    @property
    def root(self) -> Post:
        """Return the first post of the thread."""
        post = self
        while post.parent is not None:
            post = post.parent
        return post


@dataclass(slots=True, eq=False)
class Notification:
    """Somebody mentioned an account."""

    id: str
    to: Account
    post: Post
    created_at: datetime


@dataclass(slots=True, eq=False)
class Article:
    """One entry of the news feed, or a story or comment of the simulated Hacker News."""

    id: str
    title: str
    text: str
    author: str
    at: datetime
    url: str = ""
    parent_id: str = ""
    story_id: str = ""
    points: int = 0
