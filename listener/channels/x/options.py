"""The options of an account on X and of what is listened to there. No network."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from listener.addresses import BaseAddress
from listener.channels.base import Options
from listener.channels.x import listening

_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


class XOptions(Options):
    """Options of `source add x`: a bearer token reads; a log-in, or the four keys of OAuth 1.0a, read and reply."""

    base_url: BaseAddress = Field("https://api.x.com", description="address of the API")
    bearer_token: SecretStr | None = Field(None, description="app-only token: reads, cannot reply")
    consumer_key: SecretStr | None = Field(None, description="API key of the app")
    consumer_secret: SecretStr | None = Field(None, description="API key secret of the app")
    access_token: SecretStr | None = Field(
        None, description="access token of our account, with read and write"
    )
    access_token_secret: SecretStr | None = Field(None, description="secret of the access token")
    client_id: str | None = Field(None, description="OAuth 2.0 client of the app, to connect by log-in")
    client_secret: SecretStr | None = Field(None, description="its secret; a public client has none")
    refresh_token: SecretStr | None = Field(
        None, description="of our account, by log-in; X changes it with each use"
    )
    username: str | None = Field(None, description="our handle, without @", max_length=15, pattern=r"^@?\w+$")
    reads_per_day: int | None = Field(
        None,
        ge=listening.LEAST,
        description="most posts to read a day (UTC) for this source; X bills each",
        json_schema_extra={"of": "source"},
    )
    mentions: bool = Field(
        default=True, description="read mentions of the account", json_schema_extra={"of": "source"}
    )
    search: bool = Field(default=True, description="search recent posts", json_schema_extra={"of": "source"})
    stream: bool = Field(
        default=False,
        description="hear posts at once, by the filtered stream (needs bearer_token; each post is paid for)",
        json_schema_extra={"of": "source"},
    )
    reposts: bool = Field(
        default=False,
        description="read each repost too (paid); their number comes with the original anyway",
        json_schema_extra={"of": "source"},
    )

    @field_validator("username")
    @classmethod
    def _handle(cls, value: str | None) -> str | None:
        return value.removeprefix("@") if value else None

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        missing = [name for name in _KEYS if getattr(self, name) is None]
        if missing and len(missing) < len(_KEYS):
            message = f"replying needs all four keys; missing: {', '.join(missing)}"
            raise ValueError(message)
        if self.refresh_token is not None and self.client_id is None:
            message = "client_id is missing: which app does the refresh_token belong to?"
            raise ValueError(message)
        if missing and self.bearer_token is None and self.refresh_token is None:
            message = (
                f"set bearer_token (to read), or {', '.join(_KEYS)} (to read and reply), "
                "or connect the account by log-in"
            )
            raise ValueError(message)
        return self
