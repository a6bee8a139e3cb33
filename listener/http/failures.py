"""What is said about an exchange that had no answer: which host, what happened, whether it can have arrived."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError

from listener.errors import HttpError

_AGAIN = "It is tried again by itself; if it lasts, check the address and the network."


def host_of(url: str) -> str:
    """Return host and port of an address: all of it that may be shown, for paths and queries carry tokens."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the address"


def failed(url: str, error: OSError) -> HttpError:  # noqa: PLR0911 - one return a kind of failure
    """Describe an error of requests (or of the system, such as a missing CA bundle)."""
    host = host_of(url)
    reason = _reason(error)
    if isinstance(error, requests.exceptions.SSLError):
        return HttpError(
            f"{host}: the TLS certificate was not accepted",
            delivered=False,
            hint="Check the address; for a private authority set REQUESTS_CA_BUNDLE.",
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return HttpError(f"{host}: the proxy refused or is down", delivered=False, hint="Check HTTPS_PROXY.")
    if isinstance(reason, NameResolutionError):
        return HttpError(
            f"{host}: there is no such host", delivered=False, hint="Check the address for a typo."
        )
    if isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, ConnectTimeoutError | NewConnectionError
    ):
        return HttpError(f"{host}: no connection", delivered=False, hint=_AGAIN)
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return HttpError(f"{host}: no answer in time", hint=_AGAIN)
    if isinstance(error, requests.TooManyRedirects):
        return HttpError(f"{host} redirects in circles", permanent=True, hint="Check the address.")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return HttpError(
            "the address is not a valid URL", permanent=True, delivered=False, hint="Check the address."
        )
    return HttpError(f"{host}: the connection broke ({type(reason or error).__name__})", hint=_AGAIN)


def _reason(error: OSError) -> BaseException | None:
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        return inner.reason
    return inner if isinstance(inner, BaseException) else None
