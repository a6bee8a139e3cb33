"""The settings sections of the alerts room: `[alerts]` and `[mail]`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr

from listener.settings import Section


class AlertSettings(Section):
    """`[alerts]`"""

    max_age: timedelta = Field(timedelta(days=7), description="older posts raise no alert")
    undo_seconds: int = Field(10, ge=0, le=60, description="between Send and the call to the platform")
    undo_seconds_by_channel: dict[str, int] = Field(default_factory=dict)
    follow_up_hours: int = Field(48, ge=1, description="after a reply without an answer")
    apprise_urls: tuple[str, ...] = Field((), description="where critical alerts are pushed as well")


class MailSettings(Section):
    """`[mail]`"""

    host: str | None = Field(None, description="SMTP server; empty = no mail is sent, and the panel says so")
    port: int = Field(587, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    security: str = Field(
        "auto", pattern="^(auto|none|starttls|tls)$", description="auto: tls on 465, else starttls if offered"
    )
    sender: str = Field("All Ears <allears@localhost>")
    timeout: float = Field(20.0, gt=0)
