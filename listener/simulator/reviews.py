"""What the simulated app stores have in common: reviews with the one answer each can have, and their ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from listener.simulator.api import asking
from listener.simulator.model import Post

MIDDLE = 3  # stars of a review that was made without any


def reviews(platform: str) -> list[Post]:
    """Return the reviews of a store, the last changed first."""
    world = asking.world()
    with world.lock:
        found = [post for post in world.on(platform) if post.parent is None]
    return sorted(found, key=lambda post: (changed(post), post.number), reverse=True)


def answers(posts: Sequence[Post]) -> dict[str, Post]:
    """Return the brand's answers by the id of their review."""
    world, wanted = asking.world(), {post.id for post in posts}
    if not posts:
        return {}
    with world.lock:
        return {
            post.parent.id: post
            for post in world.on(posts[0].platform)
            if post.parent is not None and post.parent.id in wanted and post.account is world.brand
        }


def changed(post: Post) -> datetime:
    """Return when the words were last written."""
    return post.edited_at or post.heard_at


def stars(post: Post) -> int:
    """Return the rating."""
    return MIDDLE if post.rating is None else post.rating


def uuid_of(post: Post) -> str:
    """Return the id of a review as the APIs write it."""
    return str(UUID(int=post.number))


def review(platform: str, uuid: str) -> Post | None:
    """Return a review by that id."""
    try:
        post = asking.world().post(str(UUID(uuid).int))
    except ValueError:
        return None
    return post if post is not None and post.platform == platform and post.parent is None else None
