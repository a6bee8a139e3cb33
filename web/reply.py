"""The composer: check, draft, send, undo, approve, answered by hand, correct a score.

Each view exists under the address of the alert and of the mention: every mention can be answered. What may be sent is
decided in `alerts.guard` and `alerts.reply`; this file only asks and shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy import delete, select

from alerts import feedback, guard
from alerts import reply as replies
from alerts.errors import AlertsError, Blocked, Conflict
from alerts.models import Reply
from listener.db import now, upsert
from listener.said import said
from web import case as cases
from web.case import Case
from web.conversation import safe_link
from web.models import Draft
from web.page import Answer, _, fragment, show, tell, wants_fragment, whole
from web.security import context, may, requires, viewer

MAX_TEXT = 20_000  # characters of a draft: more than any platform takes

blueprint = Blueprint("reply", __name__)


def both(path: str, **options: Any) -> Callable[[Callable[[Case], Answer]], Callable[..., Answer]]:
    """Register a view of a case under `/alerts/<id>/…` and `/mentions/<id>/…`."""
    permission = options.pop("permission")

    def register(view: Callable[[Case], Answer]) -> Callable[..., Answer]:
        @requires(permission)
        def by_mention(mention_id: int) -> Answer:
            return view(load(mention_id=mention_id))

        @requires(permission)
        def by_alert(alert_id: int) -> Answer:
            return view(load(alert_id=alert_id))

        name = view.__name__
        blueprint.add_url_rule(f"/mentions/<int:mention_id>{path}", name, by_mention, **options)
        blueprint.add_url_rule(f"/alerts/<int:alert_id>{path}", f"{name}_alert", by_alert, **options)
        return by_mention

    return register


def load(*, alert_id: int | None = None, mention_id: int | None = None) -> Case:
    """Gather the case of one or the other, complete for the composer."""
    with context().db.read() as session:
        if alert_id is not None:
            case = cases.of_alert(session, viewer(), alert_id)
        else:
            case = cases.of_mention(session, viewer(), mention_id or 0)
    return complete(case)


def complete(case: Case) -> Case:
    """Add what the composer shows: undo window, whether somebody else must approve, why it cannot be answered."""
    settings = context().settings.alerts
    channel = case.mention.channel
    case.undo_seconds = settings.undo_seconds_by_channel.get(channel, settings.undo_seconds)
    case.must_wait = bool(case.alert and case.alert.needs_approval) and not may("reply.approve")
    if not may("reply.write"):
        case.blocked = _("Your role may read but not reply.")
    elif case.answered_by and case.under_way is None:
        case.blocked = case.answered_by
    elif case.mention.gone_at is not None:
        case.blocked = _("The author deleted this post, so there is nothing to answer.")
    return case


def verdict_of(case: Case, text: str) -> guard.Verdict:
    """Ask the one server-side check."""
    ctx = context()
    return replies.check(ctx.db, ctx.ground, mention_id=case.mention.id, text=text)


def unit_name(unit: str) -> str:
    """Name the unit a channel counts in."""
    return said(unit)


def checked(case: Case, text: str, status: int = 200, stops: str = "") -> Response:
    """Answer with the fragment of the check; `stops`: what keeps the text from being sent, if not the text itself."""
    verdict = verdict_of(case, text)
    if stops in {problem.text for problem in verdict.problems}:
        stops = ""  # the check says it in the reader's language
    body = render_template(
        "alert/check.html", case=case, text=text, verdict=verdict, unit_name=unit_name, stops=stops
    )
    return Response(body, status)


def given_text() -> str:
    """Return the text of the form."""
    text = request.form.get("text", "").replace("\r\n", "\n")
    if len(text) > MAX_TEXT:
        raise AlertsError(_("The text is too long: at most %(n)s characters.", n=MAX_TEXT))
    return text


def refuse_unread(case: Case) -> None:
    """Raise Blocked when the post is not what it was when the form was shown: deleted, or other words."""
    if case.mention.gone_at is not None:
        raise Blocked(_("The author deleted this post, so there is nothing to answer."))
    seen = whole(request.form.get("revision"))
    if seen is not None and seen != case.mention.revision:
        raise Blocked(
            _("The customer changed the post while you were writing. Load the page again and read it first.")
        )


def keep_draft(mention_id: int, text: str) -> None:
    """Store what the person is writing; an empty text removes the draft."""
    me = viewer().id
    with context().db.work() as session:
        if not text.strip():
            session.execute(delete(Draft).where(Draft.person_id == me, Draft.mention_id == mention_id))
            return
        values = {"text": text, "at": now()}
        statement = upsert(session, Draft).values(person_id=me, mention_id=mention_id, **values)
        session.execute(
            statement.on_conflict_do_update(index_elements=["person_id", "mention_id"], set_=values)
        )


def answer_part(case: Case, *, status: int = 200) -> Answer:
    """Answer with the part under the thread (composer or what is under way), or go back to the page."""
    if not wants_fragment():
        return redirect(case.urls["back"] + "#answer", 303)
    case = load(mention_id=case.mention.id) if case.alert is None else load(alert_id=case.alert.id)
    return fragment(
        "alert/page.html", "answer", status=status, case=case, verdict=None, text="", unit_name=unit_name
    )


@both("/check", permission="reply.write", methods=["POST"])
def check(case: Case) -> Answer:
    """Count, guard and preview a text."""
    return checked(case, given_text())


@both("/draft", permission="reply.write", methods=["POST"])
def draft(case: Case) -> Answer:
    """Keep a draft."""
    keep_draft(case.mention.id, given_text())
    if wants_fragment():
        return Response(status=204)
    tell(_("Draft saved."))
    return redirect(case.urls["back"] + "#answer", 303)


@both("/use", permission="reply.write", methods=["POST"])
def use(case: Case) -> Answer:
    """Put the suggestion into the composer (for browsers without script)."""
    if case.suggestion is not None:
        keep_draft(case.mention.id, case.suggestion.text)
    return redirect(case.urls["back"] + "#answer", 303)


@both("/answer", permission="alerts.read", methods=["GET"])
def answer(case: Case) -> Answer:
    """Show what is under way, or the composer."""
    return answer_part(case)


@both("/reply", permission="reply.write", methods=["POST"])
def reply(case: Case) -> Answer:
    """Approve the text: it goes out after the undo window, or waits for somebody who may release it."""
    ctx = context()
    text = given_text()
    keep_draft(case.mention.id, text)
    try:
        refuse_unread(case)
        replies.approve(
            ctx.db, ctx.ground, mention_id=case.mention.id, text=text, person_id=viewer().id,
            undo_seconds=case.undo_seconds, settings=ctx.settings.alerts,
        )  # fmt: skip
    except Conflict as conflict:
        return collided(case, conflict, text)
    except Blocked as blocked:
        if wants_fragment():
            return checked(case, text, 422, str(blocked))
        from web.alert import show_case  # noqa: PLC0415 - the page shows the composer

        tell(str(blocked), "bad")
        return show_case(case, status=422, text=text)
    keep_draft(case.mention.id, "")
    context().wake.send("publish")  # the row alone would do, a few seconds later
    return answer_part(case)


@blueprint.post("/replies/<int:reply_id>/undo")
@requires("reply.write")
def undo(reply_id: int) -> Answer:
    """Take a reply back before it goes out; its text becomes the draft again."""
    case, text = _case_of(reply_id)
    replies.undo(context().db, reply_id, viewer().id)
    keep_draft(case.mention.id, text)
    if not wants_fragment():
        tell(_("Not sent. Your text is a draft again."))
    return answer_part(case)


@blueprint.post("/replies/<int:reply_id>/approve")
@requires("reply.approve")
def approve(reply_id: int) -> Answer:
    """Release a reply that waits for approval."""
    case, _text = _case_of(reply_id)
    replies.approve_waiting(context().db, reply_id, viewer().id)
    context().wake.send("publish")  # the row alone would do, a few seconds later
    return answer_part(case)


@blueprint.post("/replies/<int:reply_id>/reject")
@requires("reply.approve")
def reject(reply_id: int) -> Answer:
    """Refuse a reply that waits for approval."""
    case, _text = _case_of(reply_id)
    replies.reject(context().db, reply_id, viewer().id)
    return answer_part(case)


@both("/by-hand", permission="reply.write", methods=["POST"])
def by_hand(case: Case) -> Answer:
    """Record that the post was answered on the platform's own page."""
    url = request.form.get("url", "").strip()
    if url and safe_link(url) is None:
        raise AlertsError(_("The address must begin with https:// or http://."))
    text = case.draft
    replies.by_hand(context().db, case.mention.id, viewer().id, url or None, text=text)
    keep_draft(case.mention.id, "")
    tell(_("Recorded as answered by hand."))
    return redirect(case.urls["back"], 303)


@blueprint.post("/mentions/<int:mention_id>/correct")
@requires("alerts.work")
def correct(mention_id: int) -> Answer:
    """Record what the model should have said."""
    case = load(mention_id=mention_id)
    wanted = {
        name: request.form[name] for name in ("urgency", "sentiment", "category") if request.form.get(name)
    }
    changed = feedback.correct(context().db, viewer(), mention_id, wanted)
    tell(
        _("Thank you. The correction is kept for the next training.")
        if changed
        else _("Nothing was different.")
    )
    return redirect(case.urls["back"], 303)


def collided(case: Case, conflict: Conflict, mine: str) -> Answer:
    """Show who was faster and with what; my text stays a draft."""
    values = {
        "text": str(conflict), "who": conflict.who, "first": conflict.what if conflict.what.get("text") else None,
        "mine": mine, "back_to": case.urls["back"],
    }  # fmt: skip
    if wants_fragment():
        return fragment("conflict.html", "body", status=409, **values)
    return show("conflict.html", status=409, **values)


def _case_of(reply_id: int) -> tuple[Case, str]:
    with context().db.read() as session:
        found = session.scalar(select(Reply).where(Reply.id == reply_id))
        mention_id, text = (found.mention_id, found.text) if found is not None else (0, "")
    return load(mention_id=mention_id), text
