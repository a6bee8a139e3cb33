"""Pages say what channels say in the reader's language: why an answer goes by hand, what an option is for."""

from __future__ import annotations

import pytest

from alerts.models import Person
from listener.models import Mention
from tests.factories import World
from tests.web.conftest import Login
from web.composition import Context

REASON = "X lets apps answer only posts that @mention the account: open the post and answer on X"


@pytest.mark.parametrize(
    ("locale", "reason", "hint", "label"),
    [
        ("en", "answer only posts that @mention", "app-only token: reads, cannot reply", "Bearer token"),
        (
            "fr",
            "qu&#39;aux publications qui @mentionnent",
            "jeton de l&#39;application seule",
            "Jeton porteur",
        ),
        (
            "ru",
            "@упоминанием аккаунта: откройте публикацию",
            "токен только приложения",
            "Токен на предъявителя",
        ),
        ("he", "רק לפוסטים ש-@מזכירים", "אסימון של היישום בלבד", "אסימון נושא"),
    ],
)
def test_reasons_and_hints_are_said_in_the_reader_s_language(
    ctx: Context, world: World, login: Login, locale: str, reason: str, hint: str, label: str
) -> None:
    with ctx.db.work() as session:
        mention = session.get_one(Mention, world.mentions["Nadia Weiss"])
        mention.reply_mode, mention.reply_reason = "link", REASON
        session.get_one(Person, world.people["admin"]).locale = locale
    admin = login("admin")
    assert reason in admin.get(f"/alerts/{world.alert}").text
    form = admin.get("/sources/new/x").text
    assert hint in form
    assert label in form
