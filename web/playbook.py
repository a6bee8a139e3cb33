"""The playbook, for leads: the sentences of suggestions by language; an edited one replaces the shipped one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, request

from alerts import playbook as books
from listener import i18n
from web import words
from web.page import Answer, _, back, show, tell
from web.security import context, requires, viewer

blueprint = Blueprint("playbook", __name__, url_prefix="/playbook")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in one of its two lengths; `edited`: it is not the shipped one."""

    key: str
    text: str
    short: bool
    edited: bool


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
    steps = {step: _sentences(step, book.entries, shipped) for step in books.STEPS}
    return show(
        "manage/playbook.html",
        steps=steps,
        languages=known,
        chosen=chosen,
        variables=books.VARIABLES,
        open_step=request.args.get("step", books.STEPS[0]),
    )


def _sentences(
    step: str, entries: Mapping[str, str], shipped: Mapping[str, str]
) -> dict[str, list[Sentence]]:
    """Return the sentences of a step by what they are for, the full one before the short one."""
    found: dict[str, list[Sentence]] = {}
    for key, text in entries.items():
        at, _dot, name = key.partition(".")
        if at == step:
            sentence = Sentence(key, text, name.endswith(books.SHORT), text != shipped.get(key))
            found.setdefault(words.occasion(name.removesuffix(books.SHORT)), []).append(sentence)
    return {name: sorted(forms, key=lambda one: one.short) for name, forms in found.items()}


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
    return back(
        "playbook.playbook", language=form.get("language"), step=form.get("key", "").partition(".")[0]
    )
