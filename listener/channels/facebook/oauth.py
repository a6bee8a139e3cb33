"""Facebook's log-in: the page that is named, or the only one, with a page token that does not expire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from listener.meta.oauth import Choice, MetaConnector
from listener.tokens import ACCESS_TOKEN


class FacebookConnector(MetaConnector):
    """The flow of somebody who manages the page."""

    brings: ClassVar[dict[str, str]] = {ACCESS_TOKEN: "to-be-brought", "page_id": "to_be_found"}
    option: ClassVar[str] = "page_id"
    fields: ClassVar[str] = "id,name,access_token"
    scopes: ClassVar[tuple[str, ...]] = (
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
        "pages_manage_metadata",
        "pages_messaging",
    )

    def choice(self, page: Mapping[str, Any]) -> Choice | None:
        """Return the page."""
        token = page.get(ACCESS_TOKEN)
        return Choice(str(page["id"]), str(page.get("name")), str(token)) if token else None
