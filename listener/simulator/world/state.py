"""World: who is there and what was posted. Every change goes through here; thread-safe by one re-entrant lock.

It must not know HTTP: the API reads it, the scenario and the live posts write it.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from listener.simulator import text as writing
from listener.simulator.faults import Faults
from listener.simulator.ids import Snowflakes
from listener.simulator.model import Account, Article, Notification, Post

DOMAIN = "sim.example.test"
MASTODON = "mastodon"
VANISH = frozenset({"mastodon", "x", "bluesky"})  # where the posts of a deleted account go with it
IDEMPOTENT_FOR = timedelta(hours=1)


def real_now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)


class World:
    """Accounts, posts, notifications and articles of one run."""

    def __init__(self, *, clock: Callable[[], datetime] = real_now) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.faults = Faults()
        self.page_most: int | None = (
            None  # the most entries a platform gives at once, where fewer than it could
        )
        self.brand_name = ""
        self.brand_query = ""
        self.brand: Account | None = None
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, Account] = {}
        self.posts: list[Post] = []
        self.notifications: list[Notification] = []
        self.news: list[Article] = []
        self.hackernews: list[Article] = []
        self.on_post: list[Callable[[Post], None]] = []
        self._by_id: dict[str, Post] = {}
        self._by_name: dict[tuple[str, str], Post] = {}
        self._on: dict[str, list[Post]] = {}
        self._notified = 0
        self._by_handle: dict[tuple[str, str], Account] = {}
        self._ids = Snowflakes()
        self._keys: dict[tuple[str, str], tuple[datetime, Post]] = {}

    def new_id(self, moment: datetime) -> str:
        """Return a fresh snowflake for `moment`."""
        return self._ids.at(moment)

    def add_account(self, username: str, name: str, *, host: str = "", **more: object) -> Account:
        """Add somebody; a person who is there already is returned unchanged."""
        with self.lock:
            handle = (username.casefold(), host.casefold())
            if handle in self._by_handle:
                return self._by_handle[handle]
            joined = self.clock() - timedelta(days=400 + 37 * len(self.accounts))
            account = Account(self.new_id(joined), username, name, joined, host, **more)  # type: ignore[arg-type]
            self.accounts[account.id] = self._by_handle[handle] = account
            return account

    def account_named(self, username: str, host: str = "") -> Account | None:
        """Find somebody by handle; the instance's own domain counts as no host."""
        host = "" if host == DOMAIN or host.startswith(("127.0.0.1", "localhost")) else host
        with self.lock:
            return self._by_handle.get((username.casefold(), host.casefold()))

    def publish(  # noqa: PLR0913 - a status has that many properties
        self, account: Account, text: str, *, at: datetime | None = None, dated: datetime | None = None,
        parent: Post | None = None, boost_of: Post | None = None, language: str | None = None,
        visibility: str = "public", spoiler: str = "", by_token: bool = False, platform: str = "", title: str = "",
        rating: int | None = None, place: str = "", name: str = "",
    ) -> Post:  # fmt: skip
        """Put a post into the world. `at`: when the server heard it (default now); `dated`: what the author claims.

        An answer stands on the platform and in the place of what it answers; else `platform` is Mastodon.
        """
        with self.lock:
            heard = at or self.clock()
            post = Post(
                self.new_id(heard), account, text, dated or heard, heard, language or account.language, visibility,
                spoiler, parent, boost_of, by_token=by_token,
                platform=platform or (parent.platform if parent else MASTODON), title=title, rating=rating,
                place=place or (parent.place if parent else ""), name=name,
            )  # fmt: skip
            if boost_of is not None:
                boost_of.boosts += 1
            if parent is not None:
                parent.answers += 1
            account.statuses += 1
            account.last_at = heard
            for shelf in (self.posts, self._on.setdefault(post.platform, [])):
                insort(shelf, post, key=lambda other: other.number)
            self._by_id[post.id] = post
            if name:
                self._by_name[post.platform, name] = post
            self._mention(post)
            listeners = list(self.on_post)
        for listener in listeners:
            listener(post)
        return post

    def publish_once(
        self, token: str, key: str, account: Account, text: str, **more: object
    ) -> tuple[Post, bool]:
        """As `publish` by an app; the same key of the same token within an hour gives the first post and False."""
        with self.lock:
            now = self.clock()
            found = self._keys.get((token, key)) if key else None
            if found is not None and now - found[0] < IDEMPOTENT_FOR and not found[1].deleted:
                return found[1], False
            post = self.publish(account, text, by_token=True, **more)  # type: ignore[arg-type]
            if key:
                self._keys[token, key] = (now, post)
            return post, True

    def answer_once(self, account: Account, to: Post, text: str) -> Post:
        """Answer a review by an app: there is one answer, and a second one replaces its words."""
        with self.lock:
            for post in self.on(to.platform):
                if post.parent is to and post.account is account:
                    self.edit(post, text)
                    return post
            return self.publish(account, text, parent=to, by_token=True)

    def edit(self, post: Post, text: str, *, at: datetime | None = None) -> None:
        """Change the words of a post; the old ones stay in its history."""
        with self.lock:
            post.versions.append((post.edited_at or post.created_at, post.text))
            post.text, post.edited_at = text, at or self.clock()
            self._mention(post)

    def delete(self, post: Post) -> None:
        """Remove a post: it cannot be read any more, and nobody is notified of it."""
        with self.lock:
            post.deleted = True
            post.account.statuses -= 1
            if post.parent is not None:
                post.parent.answers -= 1
            if post.boost_of is not None:
                post.boost_of.boosts -= 1
            self.posts.remove(post)
            self._on[post.platform].remove(post)
            self.notifications = [one for one in self.notifications if one.post is not post]

    def close_account(self, account: Account, platform: str) -> None:
        """Let somebody delete their account on a platform; on some (VANISH) their posts go with it."""
        with self.lock:
            account.left.add(platform)
            for post in [one for one in self.on(platform) if one.account is account and platform in VANISH]:
                self.delete(post)

    def on(self, platform: str) -> list[Post]:
        """Return what can be read on a platform, oldest first. Hold the lock while you walk it."""
        return self._on.get(platform, [])

    def platforms(self) -> set[str]:
        """Return where something was posted."""
        return {name for name, posts in self._on.items() if posts}

    def named(self, platform: str, name: str) -> Post | None:
        """Return a post by the name the platform knows it by, also one that was deleted."""
        return self._by_name.get((platform, name))

    def trace(self, post_id: str) -> Post | None:
        """Return a post by its id, also one that was deleted."""
        return self._by_id.get(post_id)

    def post(self, post_id: str) -> Post | None:
        """Return a post that can still be read."""
        with self.lock:
            found = self._by_id.get(post_id)
            return found if found is not None and not found.deleted else None

    def replies_by_brand(self) -> list[Post]:
        """Return what was answered by the APIs in the brand's name, oldest first (not the scenario's own posts)."""
        with self.lock:
            return [
                post for post in self.posts if post.account is self.brand and post.parent and post.by_token
            ]

    def _mention(self, post: Post) -> None:
        if post.boost_of is not None:
            return
        for username, host in writing.addressed(post.text, post.platform):
            account = self.account_named(username, host)
            if account is None or account in post.mentions:
                continue
            post.mentions.append(account)
            if account is not post.account:
                self._notified += 5  # ids grow, with gaps, whatever is deleted meanwhile
                self.notifications.append(Notification(str(self._notified), account, post, post.heard_at))
