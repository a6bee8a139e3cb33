"""What channels say, in the reader's language: found again in stored English, values kept, nothing left unmarked."""

from __future__ import annotations

import ast
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener import i18n, said
from listener.answers import may_reply
from listener.channels import channel_type
from listener.channels.base import Post
from listener.http import Http
from listener.sources import parse_options
from tests.contract.needed import NEEDED, SHIPPED

LISTENER = Path(said.__file__).parent
FILES = sorted(
    [
        *(LISTENER / "channels").rglob("*.py"),
        *(LISTENER / "meta").glob("*.py"),
        LISTENER / "answers.py",
        LISTENER / "exchange.py",
    ]
)
OTHERS = [locale for locale in i18n.LOCALES if locale != "en"]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
other_language = pytest.mark.parametrize("locale", OTHERS)


def test_a_mark_is_english_and_keeps_its_values() -> None:
    assert said.mark("%(title)s has no way to reply", title="50 % Club") == "50 % Club has no way to reply"
    with i18n.use("en"):
        assert said.said("X has no way to reply") == "X has no way to reply"


@other_language
def test_a_stored_reason_is_said_again_with_its_values(locale: str) -> None:
    stored = "WhatsApp's 24 hours ended at 2026-11-24 12:00 UTC: wait for the customer to write again, or send an approved template in WhatsApp Manager"  # noqa: E501
    with i18n.use(locale):
        told = said.said(stored)
    assert told != stored
    assert "2026-11-24 12:00" in told
    assert "customer" not in told
    assert "%(" not in told


@other_language
def test_a_reason_inside_a_reason_is_said_too(locale: str) -> None:
    with i18n.use(locale):
        told = said.said("not answered: an automatic mail (Auto-Submitted: auto-replied)")
    assert "auto-replied" in told
    assert "automatic mail" not in told
    assert "not answered" not in told


def test_what_nobody_marked_keeps_its_words() -> None:
    with i18n.use("fr"):
        assert said.said("Somebody wrote this by hand.") == "Somebody wrote this by hand."
        assert said.said("") == ""
        assert said.said("odd %(name)s %s 100%") == "odd %(name)s %s 100%"


def reasons(kind: str) -> list[str]:
    """What a channel says of posts that it cannot answer, and of its options and its unit."""
    channel = channel_type(kind)(parse_options(kind, NEEDED[kind]), Http())
    odd = [
        Post("1", "x", NOON), Post("1", "x", NOON - timedelta(days=9), kind="message"),
        Post("1", "x", NOON, extra={"locked": True}), Post("1", "x", NOON, existing_reply="y"),
    ]  # fmt: skip
    found = [may.reason for post in odd if (may := channel.may_reply(post)).reason]
    fields = channel.options_type.model_fields.items()
    hints = [field.description or "" for _, field in fields]
    return [*found, *hints, *(said.label(name) for name, _ in fields), channel.limits().unit]


@pytest.mark.parametrize("kind", SHIPPED)
def test_each_channel_is_said_in_russian(kind: str) -> None:
    """Where every sentence differs from English, also in letters; the other catalogues are complete all the same."""
    with i18n.use("ru"):
        left = [text for text in reasons(kind) if said.said(text) == text]
    assert set(left) <= {"URL", "App Store Connect, Users and Access, Integrations: issuer"}


def test_no_reason_is_put_together_from_parts() -> None:
    """An f-string cannot be translated: `mark` takes its values."""
    wrong = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                "by_hand",
                "MayReply",
                "Limits",
                "Field",
            }:
                given = [
                    *node.args,
                    *(one.value for one in node.keywords if one.arg in {"reason", "unit", "description"}),
                ]
                wrong += [f"{file.name}:{node.lineno}" for one in given if isinstance(one, ast.JoinedStr)]
    assert wrong == []


def test_what_is_found_for_translators() -> None:
    source = b"""
class AOptions(Options):
    api_key: SecretStr = Field(None, description="a hint")
    plain: int = 3
REASON = mark("a reason %(x)s", x=1)
def f(self):
    return by_hand(post, "by hand"), MayReply(NONE, reason="reasoned"), Limits(unit="drops"), other("nothing")
"""
    found = {message for _, _, message, _ in said.extract(io.BytesIO(source), [], [], {})}
    assert found == {"API key", "Plain", "a hint", "a reason %(x)s", "by hand", "reasoned", "drops"}


def test_one_answer_a_review_is_said_with_the_platform_s_name() -> None:
    reason = may_reply(Post("1", "x", NOON, existing_reply="thanks"), "Google Play").reason
    with i18n.use("he"):
        assert said.said(reason or "").startswith("Google Play ")
