"""A mailbox whose log-in is an access token: bought with a refresh token, kept, and let go when it is refused."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest

from listener.channels.email import Email, EmailOptions
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from tests.listener.channels.email.dovecot_room import SIGNING_KEY, Mailbox
from tests.listener.channels.email.mail_room import listen, mail, posts
from tests.listener.channels.email.smtp_room import Post as Server
from tests.listener.web_room import Answer, Asked, Site

pytestmark = pytest.mark.service
SECRET = "app-secret-horse"


def token_of(user: str, *, key: bytes = SIGNING_KEY) -> str:
    now = int(time.time())
    return jwt.encode(
        {"sub": user, "iat": now - 60, "nbf": now - 60, "exp": now + 600}, key, algorithm="HS256"
    )


def provider(site: Site, token: str, **more: Any) -> list[dict[str, str]]:
    """Let the site be a token endpoint; return the forms it is sent."""
    forms: list[dict[str, str]] = []

    def answer(asked: Asked) -> Answer:
        forms.append({name: values[0] for name, values in parse_qs(asked.body.decode()).items()})
        return Answer(json.dumps({"access_token": token, "expires_in": 600, **more}))

    site.answer = answer
    return forms


def channel(kit: Ground, site: Site, box: Mailbox, **more: Any) -> Email:
    given = {
        "imap_host": "127.0.0.1", "imap_port": box.server.imap, "username": box.user, "client_id": "app",
        "client_secret": SECRET, "refresh_token": "refresh-me", "token_url": f"{site.url}/token",
    }  # fmt: skip
    return Email(EmailOptions.model_validate(given | more), kit.http)


def test_a_token_opens_the_mailbox_and_is_kept(kit: Ground, site: Site, mailbox: Mailbox) -> None:
    forms = provider(site, token_of(mailbox.user), refresh_token="refresh-me-next")
    mailbox.put(mail(1))
    saved: list[dict[str, str]] = []
    for made in (channel(kit, site, mailbox), channel(kit, site, mailbox, refresh_token="refresh-me-next")):
        made.save = saved.append
        assert [post.id for post in posts(listen(made))] == ["m1@example.test"]
    assert forms == [
        {
            "grant_type": "refresh_token",
            "client_id": "app",
            "client_secret": SECRET,
            "refresh_token": "refresh-me",
        }
    ]
    assert saved == [{"refresh_token": "refresh-me-next"}]


def test_a_refused_token_is_let_go_and_asks_for_a_person(kit: Ground, site: Site, mailbox: Mailbox) -> None:
    wrong = token_of(mailbox.user, key=b"another key of thirty-two bytes, or more")
    forms = provider(site, wrong)
    for _ in range(2):
        with pytest.raises(ChannelError, match="refused the log-in") as raised:
            channel(kit, site, mailbox).check()
        assert raised.value.attention
        assert wrong not in str(raised.value)
    assert len(forms) == 2


def test_a_revoked_refresh_token_asks_for_a_person(kit: Ground, site: Site, mailbox: Mailbox) -> None:
    site.answer = lambda asked: Answer('{"error": "invalid_grant"}', status=400)
    with pytest.raises(HttpError, match="invalid_grant") as raised:
        channel(kit, site, mailbox).check()
    assert raised.value.attention
    assert not raised.value.delivered


def test_half_of_an_oauth_log_in_is_refused(kit: Ground, site: Site, mailbox: Mailbox) -> None:
    with pytest.raises(ValueError, match="token_url"):
        channel(kit, site, mailbox, token_url=None)


def test_the_answer_is_handed_over_with_the_same_token(
    kit: Ground, site: Site, mailbox: Mailbox, smtp: Server
) -> None:
    smtp.token = token_of(mailbox.user)
    forms = provider(site, smtp.token)
    mailbox.put(mail(1))
    made = channel(kit, site, mailbox, smtp_host="127.0.0.1", smtp_port=smtp.port)
    (heard,) = posts(listen(made))
    sent = made.reply(heard, "We are on it.", key="k")
    assert smtp.mails[0]["Message-ID"] == f"<{sent.id}>"
    assert len(forms) == 1
    smtp.token = "another"
    with pytest.raises(ChannelError, match="refused the log-in") as raised:
        made.reply(heard, "We are on it.", key="k2")
    assert (raised.value.attention, raised.value.delivered) == (True, False)
    made.login()
    assert len(forms) == 2  # the refused token was let go
