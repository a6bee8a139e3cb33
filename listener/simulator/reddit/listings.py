"""/reddit/search, …/comments, /message/…, /user/…: listings, newest first, at most 1,000 deep, paged by full name.

A page below something that was deleted is empty, as on Reddit. Search finds submissions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from listener.simulator import slices
from listener.simulator.api import asking
from listener.simulator.model import Account, Post
from listener.simulator.reddit import asked, shapes
from listener.simulator.reddit.asked import routes
from listener.simulator.searching import QueryError, Test, parse
from listener.simulator.world import view

DEEP = 1000


@routes.get("/search")
@routes.get("/r/<area>/search")
def search(area: str = "all") -> dict[str, Any]:
    """Submissions that a query means."""
    asked.reader()
    return answer(searched(area))


@routes.get("/r/<area>/comments")
def comments(area: str) -> dict[str, Any]:
    """Every comment of some subreddits."""
    asked.reader()
    return answer(comments_in(area))


@routes.get("/message/mentions")
def mentions() -> dict[str, Any]:
    """Comments that say u/us."""
    who = asked.me()
    return answer([post for post in _comments() if who in post.mentions and post.account is not who])


@routes.get("/message/inbox")
def inbox() -> dict[str, Any]:
    """Messages to us, answers to what we wrote, and mentions."""
    who = asked.me()
    return answer([post for post in asked.visible(who) if post.account is not who and _reaches(post, who)])


@routes.get("/message/sent")
def sent() -> dict[str, Any]:
    """Messages of ours."""
    who = asked.me()
    return answer(
        [one for one in asked.visible(who) if one.account is who and asked.kind_of(one) == asked.MESSAGE]
    )


@routes.get("/user/<name>/comments")
def written(name: str) -> dict[str, Any]:
    """What somebody commented."""
    asked.reader()
    return answer([post for post in _comments() if asked.author_of(post).lower() == name.lower()])


def searched(area: str) -> list[Post]:
    """Return the submissions of a search. Raises Refused (400)."""
    try:
        wanted = parse(request.args.get("q", ""), _term)
    except QueryError as error:
        raise asking.Refused(400, str(error)) from error
    return [
        post
        for post in asked.visible(None)
        if asked.kind_of(post) == asked.SUBMISSION and asked.within(area, post) and wanted(post)
    ]


def comments_in(area: str) -> list[Post]:
    """Return the comments of some subreddits."""
    return [post for post in _comments() if asked.within(area, post)]


def page_of(posts: Sequence[Post]) -> tuple[list[Post], str | None]:
    """Return the asked page of posts (given oldest first), and the full name after which the next one begins."""
    deep, after, below = posts[-DEEP:], asked.after(), None
    if after:
        last = asked.thing(after)
        if last is None or last not in deep:
            return [], None
        loops = asking.world().faults.take("looping_cursor", request.full_path)
        below = None if loops else last.number
    page, following = slices.cut(deep, below, asked.limit(), loops=False)
    return page, asked.full_name(page[-1]) if following is not None else None


def answer(posts: Sequence[Post]) -> dict[str, Any]:
    """Return the asked page as a listing."""
    page, following = page_of(posts)
    return shapes.listing([shapes.thing(post) for post in page], following)


def _reaches(post: Post, who: Account) -> bool:
    if asked.kind_of(post) == asked.MESSAGE:
        return True
    return post.parent is not None and (post.parent.account is who or who in post.mentions)


def _comments() -> list[Post]:
    return [post for post in asked.visible(None) if asked.kind_of(post) == asked.COMMENT]


def _term(field: str, value: str, quoted: bool) -> Test:  # noqa: FBT001 - the grammar's signature
    del quoted
    if field == "subreddit":
        return lambda post: asked.within(value, post)
    if field == "author":
        return lambda post: asked.author_of(post).lower() == value.lower()
    wanted, _ = view.terms(f'"{value}"')
    if field in {"title", "selftext"}:
        return lambda post: view.matches(shapes.title_of(post) if field == "title" else post.text, wanted, [])
    return lambda post: view.matches(f"{shapes.title_of(post)}\n{post.text}", wanted, [])
