"""What a source needs to be pointed at the simulator: the options of each kind, secrets included (they open nothing).

The keys of Google Play and App Store Connect are made when they are first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from listener.simulator import keys
from listener.simulator.appstore.app import APP
from listener.simulator.googleplay.app import EMAIL, PACKAGE
from listener.simulator.mail.imap import HOST
from listener.simulator.text import HANDLES


class Access:
    """The options by kind. `variants`: other ways into the same platform, as without a key."""

    def __init__(self, address: Callable[[], str], token: str, handle: str) -> None:
        self._address, self.token, self.handle = address, token, handle
        self.mail: tuple[str, int, int] = ("", 0, 0)  # the address, the ports of IMAP and SMTP

    def of(self, name: str) -> dict[str, str]:
        """Return the options of a kind or a variant ("x", "x-app"). Raises KeyError for one that there is not."""
        return _WAYS[name](self)

    @staticmethod
    def names() -> list[str]:
        """Return the kinds and variants."""
        return list(_WAYS)

    def url(self, path: str = "") -> str:
        """Return the address of a platform."""
        return self._address() + path


def kind_of(name: str) -> str:
    """Return the channel kind of a variant."""
    return name.partition("-")[0]


def _mastodon(access: Access) -> dict[str, str]:
    return {"base_url": access.url(), "access_token": access.token}


def _x(access: Access) -> dict[str, str]:
    keys = {
        "consumer_key": "sim-key",
        "consumer_secret": "sim-key-secret",
        "access_token_secret": "sim-secret",
    }
    return {"base_url": access.url("/x"), "username": access.handle, **keys, "access_token": access.token}


def _x_app(access: Access) -> dict[str, str]:
    return {"base_url": access.url("/x"), "username": access.handle, "bearer_token": access.token}


def _reddit(access: Access) -> dict[str, str]:
    login = {"username": access.handle, "password": access.token}
    return {"base_url": access.url("/reddit"), "client_id": "sim-app", "client_secret": access.token, **login}


def _reddit_rss(access: Access) -> dict[str, str]:
    return {"base_url": access.url("/reddit")}


def _bluesky(access: Access) -> dict[str, str]:
    handle = f"{access.handle}.{HANDLES}"
    return {"base_url": access.url("/bluesky"), "handle": handle, "app_password": access.token}


def _googleplay(access: Access) -> dict[str, str]:
    account = {
        "type": "service_account", "client_email": EMAIL, "private_key": keys.pem(keys.google()),
        "private_key_id": "sim", "token_uri": access.url("/play/token"),
    }  # fmt: skip
    return _store_page(access) | {"service_account": json.dumps(account)}


def _store_page(access: Access) -> dict[str, str]:
    return {"base_url": access.url("/play"), "package_name": PACKAGE}


def _appstore(access: Access) -> dict[str, str]:
    key = {"issuer_id": keys.ISSUER, "key_id": keys.KEY_ID, "private_key": keys.pem(keys.apple())}
    return {"base_url": access.url("/appstore"), "app_id": APP, **key}


def _appstore_feed(access: Access) -> dict[str, str]:
    return {"base_url": access.url("/appstore"), "app_id": APP, "countries": "us,fr,ru,il"}


def _email(access: Access) -> dict[str, str]:
    address, imap, smtp = access.mail
    servers = {"imap_host": HOST, "imap_port": str(imap), "smtp_host": HOST, "smtp_port": str(smtp)}
    plain = {"imap_security": "none", "smtp_security": "none"}
    return servers | plain | {"username": address, "password": access.token}


def _feed(access: Access) -> dict[str, str]:
    return {"url": access.url("/feeds/news.xml")}


def _hackernews(access: Access) -> dict[str, str]:
    return {"base_url": access.url("/hn")}


_WAYS: dict[str, Callable[[Access], dict[str, str]]] = {
    "mastodon": _mastodon,
    "x": _x,
    "x-app": _x_app,
    "reddit": _reddit,
    "reddit-rss": _reddit_rss,
    "bluesky": _bluesky,
    "googleplay": _googleplay,
    "googleplay-page": _store_page,
    "appstore": _appstore,
    "appstore-feed": _appstore_feed,
    "email": _email,
    "feed": _feed,
    "hackernews": _hackernews,
}
