"""Where each number of a digest leads: the panel, with the filter that shows what was counted.

The one place that knows the panel's addresses; their parameters are those of `alerts.inbox.Filters` and the dashboard.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute addresses under the panel's public URL."""

    base: str

    def to(self, path: str, **query: object) -> str:
        """Return the address of a page; parameters that are None are left out."""
        given = {key: str(value) for key, value in query.items() if value is not None}
        return f"{self.base.rstrip('/')}{path}{'?' + urlencode(given) if given else ''}"

    def inbox(self, **filters: object) -> str:
        """Return the inbox with filters."""
        return self.to("/inbox", **filters)

    def mentions(self, since: date, until: date, **filters: object) -> str:
        """Return the mentions of local days `since`..`until`, both included."""
        return self.to("/mentions", since=since, until=until, **filters)

    def dashboard(self, since: date, until: date, **filters: object) -> str:
        """Return the dashboard of local days `since`..`until`, both included."""
        return self.to("/dashboard", since=since, until=until, **filters)

    def alert(self, alert_id: int) -> str:
        """Return the page of one alert."""
        return self.to(f"/alerts/{alert_id}")

    def sources(self) -> str:
        """Return the page of sources and their health."""
        return self.to("/sources")

    def settings(self) -> str:
        """Return where a reader changes what they get."""
        return self.to("/profile")
