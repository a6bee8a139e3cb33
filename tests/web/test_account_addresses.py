"""Where an account's platform is may change, but what is stored sealed does not go there."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.listener.oauth.room import Authority, x
from tests.listener.web_room import site
from tests.web.test_accounts import accounts, begin, come_back, open_guard, post
from web.composition import Context

__all__ = ["open_guard", "site", "x"]


@pytest.mark.usefixtures("world")
def test_what_is_hidden_is_not_sent_to_another_server(
    ctx: Context, admin: FlaskClient, open_guard: Authority
) -> None:
    x = open_guard
    come_back(admin, x.visit(begin(admin, x)))
    (account,) = accounts(ctx)
    asked = len(x.site.asked)
    elsewhere = {"option-base_url": x.site.url.replace("127.0.0.1", "127.0.0.2")}
    for path in (f"/accounts/{account.id}", f"/accounts/{account.id}/connect"):
        refused = post(admin, path, elsewhere)
        assert refused.status_code == 400
        assert "base_url leads to another server" in refused.text
    assert len(x.site.asked) == asked
    assert accounts(ctx)[0].options["base_url"] == x.site.url
    assert post(admin, f"/accounts/{account.id}", {"option-base_url": x.site.url + "/"}).status_code == 303
