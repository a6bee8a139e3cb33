"""The playbook, for leads: the sentences of suggestions by language; an edited one replaces the shipped one."""

from __future__ import annotations

from flask import Blueprint, request

from alerts import playbook as books
from listener import i18n
from web.page import Answer, _, back, show, tell
from web.security import context, requires, viewer

blueprint = Blueprint("playbook", __name__, url_prefix="/playbook")


@blueprint.get("")
@requires("playbook.edit")
def playbook() -> Answer:
    """Show the sentences of one language, step by step."""
    language = request.args.get("language", "")
    known = books.languages()
    chosen = language if language in known else (i18n.current() if i18n.current() in known else known[0])
    with context().db.read() as session:
        book = books.book(session, chosen)
    shipped = books.shipped(chosen).entries
    steps = {
        step: [
            (key, text, text != shipped.get(key))
            for key, text in book.entries.items()
            if key.startswith(f"{step}.")
        ]
        for step in books.STEPS
    }
    return show(
        "manage/playbook.html", steps=steps, languages=known, chosen=chosen, variables=books.VARIABLES
    )


@blueprint.post("")
@requires("playbook.edit")
def save() -> Answer:
    """Replace one sentence; an empty text brings the shipped one back."""
    form = request.form
    with context().db.work() as session:
        books.save(
            session,
            form.get("key", ""),
            form.get("language", ""),
            form.get("text", ""),
            person_id=viewer().id,
        )
    tell(_("Saved. New suggestions use it."))
    return back("playbook.playbook", language=form.get("language"))
