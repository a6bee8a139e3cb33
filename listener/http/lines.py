"""An HTTP answer that does not end, line by line (NDJSON): X's filtered stream and its like.

A thread of its own reads, because a socket that has timed out once cannot be read again; so the caller can wait for as
short as it likes. Empty lines say that the other side is alive.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from listener.errors import HttpError
from listener.http.adapter import Adapter
from listener.http.connections import Exchange
from listener.http.failures import failed, host_of

CHUNK = 64 * 1024
LONGEST_LINE = 1_000_000  # bytes
AHEAD = 500  # lines read before somebody wants them; then the other side has to wait
AGAIN = "It connects again by itself."


class Lines:
    """One open answer. `silence`: seconds without a whole line after which the connection counts as dead."""

    def __init__(self, answer: requests.Response, exchange: Exchange, url: str, silence: float) -> None:
        self._answer, self._exchange, self._url, self._silence = answer, exchange, url, silence
        self._heard_at = time.monotonic()
        self._arrived: queue.Queue[str] = queue.Queue(AHEAD)
        self._error: HttpError | None = None
        self._closed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="stream-lines", daemon=True)
        self._thread.start()

    def receive(self, timeout: float) -> str | None:
        """Return the next line that is not empty. See `wires.Wire`."""
        ends = time.monotonic() + timeout
        while True:
            try:
                return self._arrived.get(timeout=max(0.0, min(0.5, ends - time.monotonic())))
            except queue.Empty:
                if self._ended.is_set() and self._arrived.empty():
                    raise self._error or self._broke("the stream ended") from None
                if time.monotonic() - self._heard_at > self._silence:
                    raise self._broke(f"nothing came for {self._silence:g} s") from None
                if time.monotonic() >= ends:
                    return None

    def close(self) -> None:
        """Cut the connection; the reading thread ends with it."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._exchange.cut()
        self._thread.join(2.0)
        self._answer.close()
        self._exchange.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _read(self) -> None:
        left = b""
        try:
            while chunk := self._answer.raw.read1(CHUNK, decode_content=True):
                *whole, left = (left + chunk).split(b"\n")
                if len(left) > LONGEST_LINE:
                    self._error = self._broke(f"a line is longer than {LONGEST_LINE:,} bytes")
                    break
                if whole:
                    self._heard_at = time.monotonic()
                for line in whole:
                    self._hand_over(line.decode("utf-8", "replace").strip())
        except ReadTimeoutError:
            self._error = self._broke(f"nothing came for {self._silence:g} s")
        except (OSError, HTTPError, ValueError, AttributeError) as error:
            # HTTPError: of urllib3; the last two: urllib3 on an answer that `close` has ended meanwhile
            known = failed(self._url, error) if isinstance(error, OSError) else None
            self._error = known or self._broke(f"the connection broke ({type(error).__name__})")
        finally:
            self._ended.set()

    def _hand_over(self, line: str) -> None:
        while line and not self._closed.is_set():
            try:
                self._arrived.put(line, timeout=0.5)
            except queue.Full:
                continue
            return

    def _broke(self, what: str) -> HttpError:
        return HttpError(f"{host_of(self._url)}: {what}", hint=AGAIN)


def open_lines(
    session: requests.Session,
    adapter: Adapter,
    url: str,
    *,
    headers: Mapping[str, str],
    silence: float,
    judge: Callable[[requests.Response], None],
) -> Lines:
    """GET the address and return its lines. `adapter` must stream. Raises HttpError, also for answers ≥ 400."""
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    try:
        # not compressed: a compressed stream holds a post back until its block is full
        answer = session.get(
            url, headers={**headers, "Accept-Encoding": "identity"}, timeout=(None, silence), stream=True
        )
    except OSError as error:
        raise failed(url, error) from error
    judge(answer)
    if adapter.exchange is None:  # a redirect that leads nowhere
        message = f"{host_of(url)} answered {answer.status_code} instead of a stream"
        raise HttpError(message, hint="Check the address.", status=answer.status_code)
    return Lines(answer, adapter.exchange, url, silence)
