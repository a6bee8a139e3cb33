"""What a channel says about its platform's OAuth 2.0; everything else of the code flow is the same for all of them.

A connector works on options as plain text, before they make a whole model: on the way the tokens are still missing.
Must not touch the database.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from listener.errors import ListenerError
from listener.http import Http
from listener.said import mark
from listener.tokens import REFRESH_TOKEN, Granted

Given = Mapping[str, Any]  # options by name, secrets in clear


class ConnectError(ListenerError):
    """An account that could not be connected; the text says what, where and what to do, and no secret.

    Said in the reader's language where it is shown: a message with places (`%(name)s`) and their values.
    """

    def __init__(self, message: str, **values: object) -> None:
        """Take the message in English, and what stands in its places."""
        super().__init__(mark(message, **values) if values else message)


@dataclass(frozen=True, slots=True)
class Platform:
    """Where a person says yes, where tokens are bought, and what this platform wants besides.

    `basic`: the client authenticates by HTTP Basic instead of in the form; `extra`: more parameters of the authorize
    address; `refresh_url`: where tokens are renewed, if elsewhere; `issuer`: who must have given the code where the
    answer says who did (RFC 9207), for platforms that anybody can run.
    """

    title: str
    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ()
    separator: str = " "
    pkce: bool = True
    basic: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    refresh_url: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """What the flow found: options to set (None removes one), and the access token to keep where it expires."""

    options: Mapping[str, str | None]
    token: Granted | None = None


class Connector(ABC):
    """The code flow of one channel.

    `app`: options that name the registered application, all of which the person gives unless in `optional`.
    `brings`: options the flow fills in itself, each with a value that the model would take, to check the others first.
    """

    app: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    optional: ClassVar[tuple[str, ...]] = ()
    brings: ClassVar[Mapping[str, str]] = {REFRESH_TOKEN: "to-be-brought"}

    @abstractmethod
    def platform(self, given: Given) -> Platform:
        """Return the description for these options."""

    def prepare(self, http: Http, given: Given, redirect_uri: str) -> dict[str, str]:
        """Register with the platform where each installation does that; return more options. Raises ChannelError."""
        del http, given, redirect_uri
        return {}

    def complete(self, http: Http, given: Given, granted: Granted) -> Connected:
        """Turn what the code was exchanged for into options. Raises ConnectError, ChannelError."""
        del http
        if granted.refresh_token is None:
            raise ConnectError(
                "%(platform)s gave no refresh token, so the account would stop within hours. Remove the app's access "
                "in the account's settings there, then connect again",
                platform=self.platform(given).title,
            )
        return Connected({REFRESH_TOKEN: granted.refresh_token}, granted)


def usual(given: Given, option: str, otherwise: str) -> str:
    """Return an option that is an address, as given or the usual one, without a slash at its end."""
    return str(given.get(option) or otherwise).strip().rstrip("/")
