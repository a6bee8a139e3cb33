"""Things as Reddit's JSON: links, comments, messages, listings. Source: https://www.reddit.com/dev/api ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from listener.simulator.model import Post
from listener.simulator.reddit import asked

_TITLE = 80


def seconds(moment: datetime) -> float:
    """Return a moment as Reddit writes it: whole seconds since 1970, as a float."""
    return float(int(moment.timestamp()))


def listing(things: Sequence[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    """Return a Listing."""
    return {
        "kind": "Listing",
        "data": {
            "after": after,
            "before": None,
            "dist": len(things),
            "children": list(things),
            "modhash": "",
        },
    }


def title_of(post: Post) -> str:
    """Return the title of a submission; its first words where it was made without one."""
    return post.title or post.text.partition("\n")[0][:_TITLE]


def permalink(post: Post) -> str:
    """Return the path of a thing's page on Reddit."""
    root, sub = asked.name_of(post.root), asked.subreddit_of(post)
    tail = f"{asked.name_of(post)}/" if post.parent is not None else ""
    return f"/r/{sub}/comments/{root}/post/{tail}"


def thing(post: Post, below: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return a thing. `below`: the comments that answer it, where the method shows them."""
    kind = asked.kind_of(post)
    data: dict[str, Any] = {
        "id": asked.name_of(post), "name": asked.full_name(post), "author": asked.author_of(post),
        "created_utc": seconds(post.heard_at), "score": post.favourites + 1, "likes": None,
        "edited": seconds(post.edited_at) if post.edited_at else False,
    }  # fmt: skip
    if kind == asked.MESSAGE:
        data |= _message(post)
    else:
        sub = asked.subreddit_of(post)
        data |= {"subreddit": sub, "subreddit_name_prefixed": f"r/{sub}", "permalink": permalink(post),
                 "locked": False, "archived": False, "distinguished": None, "stickied": False}  # fmt: skip
        data |= _submission(post) if kind == asked.SUBMISSION else _comment(post)
    if kind == asked.COMMENT:
        data["replies"] = listing(below) if below else ""
    return {"kind": kind, "data": data}


def html(post: Post) -> str:
    """Return the words of a thing as Reddit renders them in feeds."""
    words = escape(asked.NOBODY if post.deleted else post.text).replace("\n\n", "</p><p>")
    return f'<!-- SC_OFF --><div class="md"><p>{words}</p>\n</div><!-- SC_ON -->'


def _submission(post: Post) -> dict[str, Any]:
    return {
        "title": title_of(post), "selftext": asked.NOBODY if post.deleted else post.text, "is_self": True,
        "num_comments": post.answers, "num_crossposts": 0, "url": f"https://www.reddit.com{permalink(post)}",
        "over_18": False, "removed_by_category": "deleted" if post.deleted else None,
    }  # fmt: skip


def _comment(post: Post) -> dict[str, Any]:
    parent, root = post.parent or post, post.root
    return {
        "body": asked.NOBODY if post.deleted else post.text, "parent_id": asked.full_name(parent),
        "link_id": asked.full_name(root), "link_title": title_of(root), "controversiality": 0,
    }  # fmt: skip


def _message(post: Post) -> dict[str, Any]:
    first = post.root
    return {
        "body": post.text, "subject": title_of(first), "dest": "", "new": True, "was_comment": False,
        "parent_id": asked.full_name(post.parent) if post.parent else None,
        "first_message_name": None if first is post else asked.full_name(first), "context": "",
    }  # fmt: skip
