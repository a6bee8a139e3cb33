"""How each simulated platform speaks where its methods do not: errors, the rate limit's headers, a refused token.

A dialect belongs to all paths below its prefix; the first one that fits counts. No state, no network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from listener.simulator.limits import Standing

Headers = Callable[[Standing, datetime], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """`kind`: the channel that speaks it. `error`: the body of an error answer (a text is sent as it is)."""

    kind: str
    prefix: str
    error: Callable[[int, str], Any]
    headers: Headers
    retry_after: bool = False
    limited: str = "Too many requests"


def mastodon_error(code: int, said: str) -> Any:
    """`{"error": …}`."""
    del code
    return {"error": said}


def iso_reset(standing: Standing, now: datetime) -> dict[str, str]:
    """Mastodon's three headers; the reset is an ISO time."""
    del now
    return _three("X-RateLimit", standing, standing.reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def x_error(code: int, said: str) -> Any:
    """A problem document, as v2 gives it: https://docs.x.com/x-api/fundamentals/response-codes-and-errors ."""
    return {"title": _TITLES.get(code, "Error"), "detail": said, "type": "about:blank", "status": code}


def x_reset(standing: Standing, now: datetime) -> dict[str, str]:
    """Three headers; the reset is in seconds since 1970."""
    del now
    return _three("x-rate-limit", standing, str(_whole(standing.reset)))


def reddit_error(code: int, said: str) -> Any:
    """`{"message", "error"}`."""
    return {"message": said, "error": code}


def reddit_reset(standing: Standing, now: datetime) -> dict[str, str]:
    """Three headers; remaining is a float, the reset a number of seconds from now."""
    left = max(0, round((standing.reset - now).total_seconds()))
    return {
        "x-ratelimit-used": str(standing.limit - standing.remaining),
        "x-ratelimit-remaining": f"{standing.remaining}.0",
        "x-ratelimit-reset": str(left),
    }


def xrpc_error(code: int, said: str) -> Any:
    """`{"error": name, "message"}`: https://atproto.com/specs/xrpc ."""
    return {"error": _NAMES.get(code, "InternalServerError"), "message": said}


def xrpc_reset(standing: Standing, now: datetime) -> dict[str, str]:
    """Four headers; the reset is in seconds since 1970."""
    del now
    three = _three("RateLimit", standing, str(_whole(standing.reset)))
    return {**three, "RateLimit-Policy": f"{standing.limit};w=300"}


def google_error(code: int, said: str) -> Any:
    """`{"error": {"code", "message", "status", "errors"}}`: https://cloud.google.com/apis/design/errors ."""
    status, reason = _STATUS.get(code, ("UNKNOWN", "backendError"))
    listed = [{"message": said, "domain": "global", "reason": reason}]
    return {"error": {"code": code, "message": said, "status": status, "errors": listed}}


def nothing(standing: Standing, now: datetime) -> dict[str, str]:
    """Some platforms do not tell."""
    del standing, now
    return {}


def apple_error(code: int, said: str) -> Any:
    """`{"errors": [{"status", "code", "title", "detail"}]}`."""
    name = {401: "NOT_AUTHORIZED", 404: "NOT_FOUND", 429: "RATE_LIMIT_EXCEEDED"}.get(code, "UNEXPECTED_ERROR")
    return {"errors": [{"status": str(code), "code": name, "title": said, "detail": said}]}


def apple_limit(standing: Standing, now: datetime) -> dict[str, str]:
    """One header with what is left of the hour, and no reset."""
    del now
    return {"X-Rate-Limit": f"user-hour-lim:{standing.limit};user-hour-rem:{standing.remaining};"}


DIALECTS = (
    Dialect("mastodon", "/api/", mastodon_error, iso_reset, retry_after=True),
    Dialect("feed", "/feeds/", mastodon_error, nothing, retry_after=True),
    Dialect("hackernews", "/hn/", mastodon_error, nothing, retry_after=True),
    Dialect("x", "/x/", x_error, x_reset, limited="Too Many Requests"),
    Dialect("reddit", "/reddit/", reddit_error, reddit_reset),
    Dialect("bluesky", "/bluesky/", xrpc_error, xrpc_reset, limited="Rate Limit Exceeded"),
    Dialect(
        "googleplay", "/play/", google_error, nothing, limited="Quota exceeded for quota metric 'Reviews'"
    ),
    Dialect("appstore", "/appstore/v1/", apple_error, apple_limit),
    Dialect("appstore", "/appstore/", lambda code, said: f"{code} {said}", nothing, retry_after=True),
)
_TITLES = {
    400: "Invalid Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found Error", 429: "Too Many Requests",
    503: "Service Unavailable",
}  # fmt: skip
_NAMES = {
    400: "InvalidRequest",
    401: "AuthenticationRequired",
    404: "XRPCNotSupported",
    429: "RateLimitExceeded",
}
_STATUS = {
    400: ("INVALID_ARGUMENT", "badRequest"), 401: ("UNAUTHENTICATED", "authError"), 404: ("NOT_FOUND", "notFound"),
    403: ("PERMISSION_DENIED", "forbidden"), 429: ("RESOURCE_EXHAUSTED", "rateLimitExceeded"),
    503: ("UNAVAILABLE", "backendError"),
}  # fmt: skip


def dialect_of(path: str) -> Dialect | None:
    """Return the dialect of a path; None for what belongs to no platform."""
    return next((one for one in DIALECTS if path.startswith(one.prefix)), None)


def _three(prefix: str, standing: Standing, reset: str) -> dict[str, str]:
    return {
        f"{prefix}-Limit": str(standing.limit),
        f"{prefix}-Remaining": str(standing.remaining),
        f"{prefix}-Reset": reset,
    }


def _whole(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
