"""The words of this room: its gettext domain, and the names of levels, channels and categories.

Mails speak through this file; pages have a domain of their own. No sentence is put together from parts here.
"""

from __future__ import annotations

from listener import i18n
from listener.channels import KINDS, channel_type

DOMAIN = "alerts"


def gettext(message: str, **values: object) -> str:
    """Translate into the language of this context and fill in."""
    return i18n.gettext(DOMAIN, message, **values)


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Translate the form for `n`; %(n)s is the number as the language writes it."""
    return i18n.ngettext(DOMAIN, one, many, n, **values)


def level_name(level: int) -> str:
    """Return the word for an urgency level 0-3."""
    names = (gettext("low"), gettext("normal"), gettext("high"), gettext("critical"))
    return names[min(max(level, 0), 3)]


def channel_name(kind: str) -> str:
    """Return how people write a channel's name; brands of platforms are not translated."""
    known = {
        "x": "X", "mastodon": "Mastodon", "reddit": "Reddit", "bluesky": "Bluesky", "youtube": "YouTube",
        "facebook": "Facebook", "instagram": "Instagram", "googleplay": "Google Play", "appstore": "App Store",
        "trustpilot": "Trustpilot", "googlebusiness": "Google Business", "telegram": "Telegram",
        "whatsapp": "WhatsApp", "discourse": "Discourse", "hackernews": "Hacker News",
    }  # fmt: skip
    ours = {
        "email": gettext("E-mail"),
        "feed": gettext("Feed"),
        "webhook": gettext("Webhook"),
        "file": gettext("File"),
    }
    if kind in known or kind in ours:
        return known.get(kind) or ours[kind]
    return channel_type(kind).title if kind in KINDS else kind


def category_name(category: str) -> str:
    """Return the word for one of the 13 categories of a mention."""
    names = {
        "delivery_delay": gettext("delivery delay"),
        "product_quality": gettext("product quality"),
        "technical_bug": gettext("technical fault"),
        "outage_network": gettext("outage"),
        "billing_payment": gettext("billing and payment"),
        "refund_return": gettext("refund and return"),
        "account_booking": gettext("account and booking"),
        "fraud_security": gettext("fraud and security"),
        "staff_service": gettext("staff and service"),
        "safety_legal": gettext("safety and law"),
        "information_request": gettext("question"),
        "praise": gettext("praise"),
        "other_none": gettext("other"),
    }
    return names.get(category, category)
