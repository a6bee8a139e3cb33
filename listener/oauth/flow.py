"""The code flow (RFC 6749 §4.1) with PKCE (RFC 7636, S256) and a state; and renewing with a refresh token (§6).

Pure steps: the address to open, the answer that comes back, the exchange. Who waits for the answer, a page or a
command, is not known here. Why no library: docs/decisions.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests

from listener import tokens
from listener.errors import HttpError
from listener.http import Http, raise_for
from listener.oauth.platform import ConnectError, Platform
from listener.tokens import Granted, Renewal

AGAIN = "Start again with Connect"
_META_MISMATCH = 36008
_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


def secret() -> str:
    """Return 256 random bits, url-safe: a state, or a PKCE verifier (43 characters, RFC 7636 §4.1)."""
    return secrets.token_urlsafe(32)


def authorize_url(platform: Platform, *, state: str, verifier: str, redirect_uri: str) -> str:
    """Return the address at which a person lets us in."""
    asked = {
        "response_type": "code",
        "client_id": platform.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        **({"scope": platform.separator.join(platform.scopes)} if platform.scopes else {}),
        **platform.extra,
    }
    if platform.pkce:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    parts = urlsplit(platform.authorize_url)
    query = "&".join(filter(None, [parts.query, urlencode(asked)]))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def code_of(title: str, answer: Mapping[str, str], state: str, issuer: str | None = None) -> str:
    """Return the code of the address a person came back to. Raises ConnectError: another state, denied, no code.

    `issuer`: where the answer names who gave the code, it must be this one: a code of another server, brought here by
    a dishonest one, would be handed to the latter.
    """
    if not any(answer.get(name) for name in ("state", "code", "error")):
        raise ConnectError(
            "this is no answer of %(platform)s. Start again, and copy the whole address, from http to its end",
            platform=title,
        )
    given = answer.get("state") or ""
    if not hmac.compare_digest(given.encode(), state.encode()):
        raise ConnectError(
            "this answer of %(platform)s does not belong to the log-in that was started here (its state differs). "
            "Nothing was changed. Start again with Connect, and use the address of that one",
            platform=title,
        )
    if issuer and answer.get("iss", issuer).rstrip("/") != issuer.rstrip("/"):
        raise ConnectError(
            "the answer comes from another server than %(platform)s. Nothing was changed. Do not go on",
            platform=title,
        )
    error = str(answer.get("error") or "")
    if error == "access_denied":
        raise ConnectError(
            "access was refused on the page of %(platform)s. Nothing was changed. Start again with Connect, and allow "
            "it",
            platform=title,
        )
    if error:
        said = _plain(answer.get("error_description") or answer.get("error_reason") or "")
        raise ConnectError(
            "%(platform)s answered %(error)s. Start again with Connect",
            platform=title,
            error=f"{_plain(error)}: {said}" if said else _plain(error),
        )
    code = answer.get("code")
    if not code:
        raise ConnectError(
            "the answer of %(platform)s holds no code. Start again, and copy the whole address, from http to its end",
            platform=title,
        )
    return code.removesuffix("#_")  # Meta hangs it on


def exchange(http: Http, platform: Platform, code: str, *, verifier: str, redirect_uri: str) -> Granted:
    """Buy tokens for a code. Raises ConnectError where a person must do something else, HttpError for the network."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if platform.pkce:
        form["code_verifier"] = verifier
    granted = _ask(http, platform, platform.token_url, form, _judge(platform, redirect_uri, (code, verifier)))
    missing = set(platform.scopes) - set(granted.scope.replace(",", " ").split()) if granted.scope else set()
    if missing:
        raise ConnectError(
            "not everything was allowed on %(platform)s: %(scopes)s is missing. Nothing was changed. Start again with "
            "Connect, and leave every box ticked",
            platform=platform.title,
            scopes=", ".join(sorted(missing)),
        )
    return granted


def renewed(http: Http, platform: Platform, refresh_token: str) -> Granted:
    """Buy an access token for a refresh token. Raises HttpError, with `attention` when it was revoked."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _ask(http, platform, platform.refresh_url or platform.token_url, form, None)


def renewal(http: Http, platform: Platform, refresh_token: str) -> Renewal:
    """Return how an account's access token is bought with its refresh token."""
    return Renewal(
        shelf=f"{platform.token_url} {platform.client_id} {tokens.digest(refresh_token)}",
        option=tokens.REFRESH_TOKEN,
        spent=refresh_token,
        ask=lambda value: renewed(http, platform, value),
    )


def _ask(
    http: Http,
    platform: Platform,
    url: str,
    form: dict[str, str],
    judge: Callable[[requests.Response], None] | None,
) -> Granted:
    basic = (
        (platform.client_id, platform.client_secret) if platform.basic and platform.client_secret else None
    )
    if basic is None:
        form["client_id"] = platform.client_id
        if platform.client_secret:
            form["client_secret"] = platform.client_secret
    return tokens.grant(http, url, form, title=platform.title, auth=basic, judge=judge)


def _judge(
    platform: Platform, redirect_uri: str, hidden: tuple[str, ...]
) -> Callable[[requests.Response], None]:
    def judged(answer: requests.Response) -> None:
        code, said, mismatch = _error(answer)
        if any(value in said for value in (*hidden, platform.client_secret) if value):
            said = ""
        told = {"platform": platform.title, "error": f"{code}: {said}" if said else code}
        if mismatch:
            raise ConnectError(
                "%(platform)s does not take the code (%(error)s). Register exactly %(uri)s as redirect URI of the app "
                "there",
                uri=redirect_uri,
                **told,
            )
        if code in _CLIENT or answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise ConnectError(
                "%(platform)s does not take the code (%(error)s). Check the app's id and secret: copy both from its "
                "page there",
                **told,
            )
        if code:
            raise ConnectError(
                "%(platform)s does not take the code (%(error)s). A code works once, for a minute or so: start again",
                **told,
            )
        try:
            raise_for(answer)
        except HttpError as error:
            error.hint = error.hint or AGAIN
            raise

    return judged


def _error(answer: requests.Response) -> tuple[str, str, bool]:
    """Return (the error's name, what is said about it, whether the redirect URI is the matter)."""
    said = tokens.object_of(answer)
    error = said.get("error")
    if isinstance(error, Mapping):  # Meta
        code, text = str(error.get("code") or "error"), _plain(error.get("message"))
        return code, text, error.get("error_subcode") == _META_MISMATCH or "redirect_uri" in text
    code = _plain(error or said.get("error_type"))
    text = _plain(said.get("error_description") or said.get("error_message"))
    return code, text, bool(code) and "redirect" in f"{code} {text}".lower()


def _plain(value: object) -> str:
    return " ".join(str(value or "").split())[:160]
