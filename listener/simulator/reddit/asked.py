"""Who asks Reddit, and what of its things they may see: full names, subreddits, the log-in. No methods here."""

from __future__ import annotations

from flask import Blueprint, request

from listener.simulator.api import asking
from listener.simulator.model import Account, Post
from listener.simulator.world import view

routes = Blueprint("reddit", __name__, url_prefix="/reddit")
REDDIT = "reddit"
SUBREDDIT = "casualtalk"  # of posts that name none
NOBODY = "[deleted]"
APP = "app:"  # what the token of an app without an account begins with
COMMENT, SUBMISSION, MESSAGE = "t1", "t3", "t4"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def kind_of(post: Post) -> str:
    """Return the kind of a thing: a message, a comment below something, or a submission."""
    if post.visibility == "direct":
        return MESSAGE
    return SUBMISSION if post.parent is None else COMMENT


def name_of(post: Post) -> str:
    """Return `abc`, the number of a thing in base 36."""
    number, made = post.number, ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        made = _DIGITS[digit] + made
    return made


def full_name(post: Post) -> str:
    """Return `t1_abc`."""
    return f"{kind_of(post)}_{name_of(post)}"


def subreddit_of(post: Post) -> str:
    """Return where a thing was posted, without r/."""
    return post.place or SUBREDDIT


def author_of(post: Post) -> str:
    """Return who wrote it; nobody when the account or the post was deleted."""
    return NOBODY if post.deleted or REDDIT in post.account.left else post.account.username


def thing(name: str) -> Post | None:
    """Return a thing by full name, also one that was deleted; None for a name that nothing has."""
    _, _, digits = name.partition("_")
    try:
        post = asking.world().trace(str(int(digits, 36)))
    except ValueError:
        return None
    return post if post is not None and post.platform == REDDIT and full_name(post) == name else None


def visible(reader: Account | None) -> list[Post]:
    """Return everything that somebody may read, oldest first."""
    world = asking.world()
    with world.lock:
        return [post for post in world.on(REDDIT) if view.may_see(world, post, reader) or _to(post, reader)]


def reader() -> Account | None:
    """Return whose token it is, None for that of an app. Raises Refused (401) for a token nobody has."""
    given, tokens = asking.token(), asking.world().tokens
    if given.startswith(APP) and given.removeprefix(APP) in tokens:
        return None
    if given not in tokens:
        raise asking.Refused(401, "Unauthorized")
    return tokens[given]


def me() -> Account:
    """Return who is logged in. Raises Refused (401, 403)."""
    found = reader()
    if found is None:
        raise asking.Refused(403, "Forbidden")
    return found


def within(subreddits: str, post: Post) -> bool:
    """Tell whether a thing stands in one of `a+b`."""
    names = {name.lower() for name in subreddits.split("+")}
    return "all" in names or subreddit_of(post).lower() in names


def limit() -> int:
    """Return how many things a page shall have."""
    return min(max(asking.number("limit") or 25, 1), 100)


def after() -> str:
    """Return the full name below which the page begins."""
    return request.args.get("after", "")


def _to(post: Post, who: Account | None) -> bool:
    """Tell whether a private message went to somebody: the brand gets all that begin a thread."""
    first = post.root
    return who is not None and post.visibility == "direct" and (
        first.account is who or who is asking.world().brand
    )  # fmt: skip
