"""Reading a mailbox: every folder upwards by UID, which the server gives and never gives twice (RFC 3501 2.3.1.1).

The state of a folder is `{"validity", "uid"}`. When the server numbers a folder anew (UIDVALIDITY), it is read again
from the day before the last run; ids are Message-IDs, so nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from listener import log, walk
from listener.channels.base import Cursor, Listen, Page, Post
from listener.channels.email.boxes import Box, Fetched
from listener.channels.email.posts import Ours, post_of

if TYPE_CHECKING:
    from listener.channels.email import Email

logger = log.get(__name__)
PAGE = 20
A_DAY = timedelta(days=1)  # SINCE compares days of the server's calendar, whose zone nobody tells


def listen(channel: Email, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of all folders; what we sent comes last, so that its threads are known by then."""
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    with channel.mailbox() as box:
        sent = channel.options.sent_folder or box.sent_folder()
        streams = {
            name: _stream(channel, box, name, what.since, sent=name == sent)
            for name in dict.fromkeys([*channel.options.folders, *([sent] if sent else [])])
        }
        yield from walk.together(streams, states, max_pages=what.max_pages)


def _stream(
    channel: Email, box: Box, name: str, since: datetime, *, sent: bool
) -> Callable[[walk.State | None], Iterator[walk.Step]]:
    def steps(state: walk.State | None) -> Iterator[walk.Step]:
        begun = dict(state or {})
        validity, following = box.open(name)
        resumed = bool(begun.get("more"))
        oldest: datetime | None = None
        if begun.get("validity") == validity and begun.get("uid") is not None:
            floor = int(begun["uid"])
            uids = box.above(floor)
        else:
            uids = box.since(_first_day(begun, since))
            oldest = None if begun.get("day") else since  # days are all that IMAP searches by
            floor = max(0, following - 1) if not uids else uids[0] - 1
        while uids:
            batch, uids = uids[:PAGE], uids[PAGE:]
            mails = [mail for mail in box.read(batch) if oldest is None or mail.arrived >= oldest]
            posts = [_post(channel, name, mail, sent=sent) for mail in mails]
            floor = batch[-1]
            yield walk.Step(
                posts, _state(validity, floor, more=bool(uids)), done=not uids, backfilled=resumed
            )
            if not uids:
                return
        yield walk.Step((), _state(validity, floor, more=False), done=True, backfilled=resumed)

    return steps


def _state(validity: int, uid: int, *, more: bool) -> walk.State:
    return {"validity": validity, "uid": uid, "day": datetime.now(UTC).date().isoformat()} | (
        {"more": True} if more else {}
    )


def _first_day(begun: walk.State, since: datetime) -> date:
    """Return where to begin: `since` at first, the day before the last run when the folder was numbered anew."""
    day = date.fromisoformat(begun["day"]) if begun.get("day") else since.astimezone(UTC).date()
    return day - A_DAY


def _post(channel: Email, folder: str, mail: Fetched, *, sent: bool) -> Post:
    ours = Ours(channel.address, channel.made_by_us)
    try:
        post = post_of(mail.raw, arrived=mail.arrived, ours=ours, sent=sent)
    except Exception as error:  # noqa: BLE001 - one mail that defeats us must not hide the ones behind it
        # the kind of error only: its message may quote the mail
        logger.error(  # noqa: TRY400
            "mail.unreadable", folder=folder, uid=mail.uid, bytes=len(mail.raw), error=type(error).__name__
        )
        return _placeholder(folder, mail, error)
    if post.extra.get("defect"):
        logger.warning("mail.defect", folder=folder, uid=mail.uid, defect=post.extra["defect"])
    return post


def _placeholder(folder: str, mail: Fetched, error: Exception) -> Post:
    return Post(
        id=f"unreadable:{folder}:{mail.uid}",
        text=f"A mail could not be read: folder {folder}, UID {mail.uid}, {len(mail.raw)} bytes "
        f"({type(error).__name__}). Open it in the mailbox.",
        posted_at=mail.arrived,
        kind="mail",
        addressed_to_us=True,
        visibility="direct",
        extra={"defect": type(error).__name__},
    )
