"""Google's APIs: the two ways to an access token, and what their errors mean.

Tokens: https://developers.google.com/identity/protocols/oauth2 (refresh token; service account, RFC 7523). Errors come
as {"error": {"code", "message", "status", "errors": [{"reason"}]}}; the reason tells a spent quota from a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from listener import tokens
from listener.errors import ChannelError, HttpError
from listener.http import Http, raise_for
from listener.oauth.platform import Connector, Given, Platform, usual
from listener.pem import pem
from listener.tokens import Granted

AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = timedelta(hours=1)
_read_before: set[str] = set()  # digests of keys
_QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "servingLimitExceeded"})
_PERSON = {
    "keyInvalid": "Check api_key in the Google Cloud console.",
    "keyExpired": "Make a new api_key in the Google Cloud console.",
    "API_KEY_INVALID": "Check api_key in the Google Cloud console.",
    "accessNotConfigured": "Enable the API for the project in the Google Cloud console.",
    "SERVICE_DISABLED": "Enable the API for the project in the Google Cloud console.",
    "insufficientPermissions": "Reconnect the account and grant all it asks for.",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "Reconnect the account and grant all it asks for.",
    "authError": "Reconnect the account: its credentials are wrong, were revoked or have expired.",
}


class GoogleError(HttpError):
    """An error of a Google API; `reason` is Google's own word for it, empty when there is none."""

    reason = ""


def judge(quota_wait: Callable[[], timedelta]) -> Callable[[requests.Response], None]:
    """Return what raises for the errors of an API whose spent quota comes back after `quota_wait()`."""

    def judged(answer: requests.Response) -> None:
        try:
            raise_for(answer)
        except HttpError as error:
            raise _meaning(answer, error, quota_wait) from error

    return judged


def until_midnight_pacific(at: datetime | None = None) -> timedelta:
    """Return how long a daily quota stays spent: it comes back at midnight Pacific time."""
    here = (at or datetime.now(UTC)).astimezone(ZoneInfo("America/Los_Angeles"))
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC) - here.astimezone(UTC)


class GoogleConnector(Connector):
    """The flow of a Google account; https://developers.google.com/identity/protocols/oauth2/web-server ."""

    def __init__(self, api_url: str, scope: str) -> None:
        """Take the usual address of the API and the one scope that is asked for."""
        self.api_url, self.scope = api_url, scope

    def platform(self, given: Given) -> Platform:
        """Return Google, or what stands in for it at `base_url`; a refresh token only comes with fresh consent."""
        base = usual(given, "base_url", self.api_url)
        return Platform(
            title="Google",
            authorize_url=AUTHORIZE_URL if base == self.api_url else f"{base}/authorize",
            token_url=token_url(given.get("auth_url"), base, self.api_url),
            client_id=str(given.get("client_id") or ""),
            client_secret=str(given.get("client_secret") or ""),
            scopes=(self.scope,),
            extra={"access_type": "offline", "prompt": "consent"},
        )


def asserted(http: Http, url: str, account: Mapping[str, str], scope: str) -> Granted:
    """Return an access token for a service account (as `account_of` gives it). Raises ChannelError."""
    now = datetime.now(UTC)
    claims = {
        "iss": account["client_email"],
        "scope": scope,
        "aud": account.get("token_uri") or TOKEN_URL,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
    }
    headers = {"kid": account["private_key_id"]} if account.get("private_key_id") else None
    try:
        signed = jwt.encode(claims, account["private_key"], algorithm="RS256", headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        message = "the service account's private key does not sign"
        raise ChannelError(message, permanent=True, attention=True, delivered=False) from error
    return tokens.grant(http, url, {"grant_type": GRANT, "assertion": signed}, title="Google")


def account_of(text: str) -> dict[str, str]:
    """Return the service account of its JSON file's content. Raises ValueError that says what is wrong with it."""
    hint = "paste the whole JSON file of a service account key"
    try:
        found = json.loads(text)
    except ValueError:
        message = f"is not JSON; {hint}"
        raise ValueError(message) from None
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) and found[name] for name in ("client_email", "private_key")
    ):
        message = f"has no client_email and private_key; {hint}"
        raise ValueError(message)
    found["private_key"] = pem(found["private_key"])
    if not _readable(found["private_key"]):
        message = f"has a private_key that cannot be read; {hint}"
        raise ValueError(message)
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _readable(key: str) -> bool:
    """Tell whether a private key can be read; one that could is not tried again, which would take 50 ms each time."""
    name = tokens.digest(key)
    if name not in _read_before:
        try:
            load_pem_private_key(key.encode(), None)
        except (ValueError, TypeError):
            return False
        _read_before.add(name)
    return True


def token_url(given: str | None, base_url: str, usual_base: str, named: str | None = None) -> str:
    """Return where tokens are asked for: as given, as the key file names it, beside another base_url, or Google's."""
    if given:
        return given
    if named and named != TOKEN_URL:
        return named
    return TOKEN_URL if base_url.rstrip("/") == usual_base else base_url.rstrip("/") + "/token"


def _meaning(answer: requests.Response, error: HttpError, quota_wait: Callable[[], timedelta]) -> GoogleError:
    reasons = _reasons(answer)
    made = GoogleError(
        str(error),
        permanent=error.permanent,
        retry_after=error.retry_after,
        attention=error.attention,
        hint=error.hint,
        status=error.status,
        delivered=error.delivered,
    )
    made.reason = reasons[0] if reasons else ""
    spent = any(reason in _QUOTA for reason in reasons)
    fast = any(reason in _TOO_FAST for reason in reasons) or error.status == HTTPStatus.TOO_MANY_REQUESTS
    if spent or fast:
        made.permanent, made.attention = False, False
        # Google also says 403 for it; nothing was done in either case
        made.status = int(HTTPStatus.TOO_MANY_REQUESTS)
        made.retry_after = error.retry_after or (quota_wait() if spent else timedelta(minutes=1))
        made.hint = "Nothing to do: it goes on by itself when the quota comes back." if spent else error.hint
        return made
    for reason in reasons:
        if reason in _PERSON:
            made.attention, made.permanent, made.hint = True, True, _PERSON[reason]
            break
    return made


def _reasons(answer: requests.Response) -> list[str]:
    """Return Google's reasons, the most telling first."""
    try:
        said: Any = answer.json()
    except ValueError:
        return []
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return [error] if isinstance(error, str) else []
    listed = [*(error.get("errors") or []), *(error.get("details") or [])]
    found = [one.get("reason") for one in listed if isinstance(one, dict)]
    return [str(reason) for reason in found if reason] or [str(error.get("status") or "")]
