"""The shipped channels, and what must be given to make one of each; everything else has a default."""

from __future__ import annotations

from importlib import import_module

from listener.channels import KINDS
from tests.listener.channels import keys

# a new channel says it in its room, as `NEEDED`
NEEDED: dict[str, dict[str, str]] = {
    "mastodon": {"base_url": "https://social.example.test", "access_token": "sesame-open-now"},
    "x": {
        "consumer_key": "sesame-key",
        "consumer_secret": "sesame-secret",
        "access_token": "sesame-token",
        "access_token_secret": "sesame-token-secret",
    },
    "email": {
        "imap_host": "imap.example.test",
        "smtp_host": "smtp.example.test",
        "username": "help@example.test",
        "password": "sesame-open-now",
    },
    "discourse": {
        "base_url": "https://forum.example.test",
        "api_key": "sesame-open-now",
        "api_username": "acme",
        "webhook_secret": "sesame-open-hook",
    },
    "reddit": {
        "client_id": "app",
        "client_secret": "sesame-secret",
        "username": "acme_help",
        "password": "sesame-open-now",
    },
    "telegram": {"bot_token": "123456:sesame-open-now"},
    "bluesky": {"handle": "acme.example.test", "app_password": "sesame-open-now"},
    "whatsapp": {
        "phone_number_id": "1122334455667",
        "access_token": "sesame-open-now",
        "app_secret": "sesame-open-app",
        "verify_token": "sesame-verify-us",
    },
    "facebook": {
        "page_id": "123456789",
        "access_token": "sesame-open-now",
        "app_secret": "sesame-open-app",
        "verify_token": "sesame-verify-us",
    },
    "instagram": {
        "account_id": "17841400000000000",
        "access_token": "sesame-open-now",
        "app_secret": "sesame-open-app",
        "verify_token": "sesame-verify-us",
    },
    "hackernews": {},
    "feed": {"url": "https://news.example.test/rss"},
    "webhook": {"secret": "sesame-open-now", "reply_url": "https://shop.example.test/reply"},
    "file": {"path": "/var/lib/example/posts.csv"},
    "appstore": {
        "app_id": "497799835",
        "issuer_id": "issuer-1",
        "key_id": "KEY1",
        "private_key": keys.elliptic(),
    },
    "googleplay": {"package_name": "com.example.acme", "service_account": keys.service_account()},
    "trustpilot": {
        "business_unit_id": "507f191e810c19729de860ea",
        "api_key": "sesame-key",
        "api_secret": "sesame-open-now",
        "author_business_user_id": "507f191e810c19729de860eb",
    },
    "youtube": {
        "channel_id": "UCacmeacmeacme",
        "client_id": "client-1",
        "client_secret": "sesame-open-now",
        "refresh_token": "sesame-token",
    },
    "googlebusiness": {
        "location": "accounts/1/locations/2",
        "client_id": "client-1",
        "client_secret": "sesame-open-now",
        "refresh_token": "sesame-token",
    },
}
# other tests register a pretended channel
SHIPPED = sorted(kind for kind, where in KINDS.items() if not where.startswith("tests."))
NEEDED |= {
    kind: import_module(f"tests.listener.channels.{kind}_room").NEEDED
    for kind in SHIPPED
    if kind not in NEEDED
}
