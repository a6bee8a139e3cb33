"""GET /api/v1/instance and /api/v2/instance: what the server is and how long a status may be."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from listener.simulator import text as writing
from listener.simulator.api import asking
from listener.simulator.world.state import DOMAIN, MASTODON

routes = Blueprint("instance", __name__, url_prefix="/api")
VERSION = "4.4.0"
TITLE = "Simulated Square"
DESCRIPTION = "A loopback server with invented people. Nothing here is real."
LANGUAGES = ["en", "fr", "ru", "he"]


@routes.get("/v2/instance")
def second() -> dict[str, Any]:
    """Describe the server as version 2 of the method does."""
    return {
        "domain": DOMAIN, "title": TITLE, "version": VERSION, "source_url": asking.base(),
        "description": DESCRIPTION, "usage": {"users": {"active_month": len(asking.world().accounts)}},
        "thumbnail": {"url": f"{asking.base()}/avatars/0.svg"}, "icon": [], "languages": LANGUAGES,
        "configuration": _configuration(), "api_versions": {"mastodon": 6},
        "registrations": {"enabled": False, "approval_required": False, "message": None, "url": None},
        "contact": {"email": f"admin@{DOMAIN}", "account": None}, "rules": [],
    }  # fmt: skip


@routes.get("/v1/instance")
def first() -> dict[str, Any]:
    """Describe the server as version 1 of the method does."""
    world = asking.world()
    return {
        "uri": DOMAIN, "title": TITLE, "short_description": DESCRIPTION, "description": DESCRIPTION,
        "email": f"admin@{DOMAIN}", "version": VERSION, "urls": {}, "languages": LANGUAGES,
        "stats": {"user_count": len(world.accounts), "status_count": len(world.on(MASTODON)), "domain_count": 1},
        "thumbnail": None, "registrations": False, "approval_required": False, "invites_enabled": False,
        "configuration": _configuration(), "contact_account": None, "rules": [],
    }  # fmt: skip


def _configuration() -> dict[str, Any]:
    return {
        "urls": {},
        "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
        "statuses": {
            "max_characters": writing.LONGEST, "max_media_attachments": 4,
            "characters_reserved_per_url": writing.URL_LENGTH,
        },
        "translation": {"enabled": False},
    }  # fmt: skip
