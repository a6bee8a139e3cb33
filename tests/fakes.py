"""A platform that lives in a folder, and the channel that talks to it: what tests of sending stand on.

The folder outlives the process, so that a sender can be killed and another one can look what is there. It knows no
idempotency key: two calls make two posts, as on the least helpful platform.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from listener.channels import KINDS
from listener.channels.base import (
    Absent,
    Attempt,
    Channel,
    Cursor,
    Gone,
    Limits,
    Listen,
    MayReply,
    Options,
    Page,
    Post,
    Refused,
    ReplyMode,
    Sent,
    Unsure,
)
from listener.errors import ChannelError, HttpError

_LOCK = threading.Lock()
KINDS.setdefault("fake", "tests.fakes:FakeChannel")


REFUSALS: dict[str, ChannelError] = {  # nothing was posted, whether the error proves it or not
    "unreachable": HttpError("no route", delivered=False),
    "timeout": HttpError("no answer in time"),
    "429": HttpError("slow down", status=429, retry_after=timedelta(seconds=90)),
    "422": HttpError("refused", status=422, permanent=True, hint="Shorten it."),
    "401": HttpError("token expired", status=401, attention=True, hint="Connect the account again."),
    "500": HttpError("broken", status=500),
    "plain": ChannelError("something else"),
}


class FakePlatform:
    """Replies in a file, one JSON line each; faults are taken from a list, one a call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def plan(self, *faults: str) -> None:
        """Let the next calls of reply() meet these faults, in this order; then all is well."""
        self._write("faults", list(faults))

    def next_fault(self) -> str:
        """Take the next fault."""
        with self._alone():
            faults = self._read("faults", [])
            if not faults:
                return "ok"
            self._write("faults", faults[1:])
            return str(faults[0])

    def set(self, name: str, value: Any) -> None:
        """Set `lag` (seconds until a reply is visible), `mode` (api | link | none), `find` (unsure | error | refused),
        `pending` (taken, not shown yet) or `now` (what `refresh` says)."""
        self._write(name, value)

    def get(self, name: str, otherwise: Any) -> Any:
        """Return what was set."""
        return self._read(name, otherwise)

    def post(self, parent: str, text: str, key: str) -> str:
        """Publish a reply and return its id."""
        with self._alone(), (self.folder / "replies.jsonl").open("a", encoding="utf-8") as file:
            number = len(self.replies()) + 1
            file.write(json.dumps({"id": f"r{number}", "parent": parent, "text": text, "key": key}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return f"r{number}"

    def replies(self) -> list[dict[str, str]]:
        """Return everything that is public."""
        file = self.folder / "replies.jsonl"
        return (
            [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            if file.exists()
            else []
        )

    def calls(self) -> int:
        """Return how often reply() was called."""
        file = self.folder / "calls"
        return file.stat().st_size if file.exists() else 0

    def called(self) -> None:
        """Count a call."""
        with (self.folder / "calls").open("a", encoding="utf-8") as file:
            file.write(".")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off the other threads, and the other processes that share the folder."""
        with _LOCK, (self.folder / "lock").open("w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self, name: str, otherwise: Any) -> Any:
        file = self.folder / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else otherwise

    def _write(self, name: str, value: Any) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")


class FakeOptions(Options):
    folder: str


class FakeChannel(Channel[FakeOptions]):
    kind = "fake"
    title = "Fake"
    options_type = FakeOptions
    replies = True
    refreshes = 50

    @property
    def platform(self) -> FakePlatform:
        return FakePlatform(Path(self.options.folder))

    def limits(self) -> Limits:
        return Limits(length=500, read_lag=timedelta(seconds=float(self.platform.get("lag", 0))))

    def listen(self, what: Listen, cursor: Cursor | None) -> Iterator[Page]:
        return iter(())

    def check(self) -> str:
        return "fake"

    def may_reply(self, post: Post) -> MayReply:
        mode = ReplyMode(self.platform.get("mode", "api"))
        return MayReply(mode, None if mode is ReplyMode.API else "replies are closed")

    def compose(self, to: Post, text: str) -> str:
        return str(self.platform.get("in_front", "")) + text

    def reply(self, to: Post, text: str, *, key: str) -> Sent:
        platform = self.platform
        platform.called()
        fault = platform.next_fault()
        if fault in REFUSALS:
            raise REFUSALS[fault]
        if fault == "killed-before":
            os.kill(os.getpid(), signal.SIGKILL)
        made = platform.post(to.id, text, key)
        if fault == "killed-after":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "accepted-503":
            raise HttpError("try later", status=503, retry_after=timedelta(seconds=1))
        if fault == "accepted-dropped":
            raise ConnectionResetError("dropped")
        if fault == "accepted-slow":
            time.sleep(0.3)
        if fault == "no-id":
            return Sent("")
        return Sent(made, f"https://fake.example.test/{made}", pending=bool(platform.get("pending", False)))

    def refresh(self, posts: Sequence[Post]) -> Iterator[Post | Gone]:
        """What was set as `now`, by the id of a post: "gone", "error", or the fields that have changed."""
        for post in posts:
            said = self.platform.get("now", {}).get(post.id, {})
            if said == "error":
                raise HttpError("broken", status=500)
            yield Gone(post.id, post.instance) if said == "gone" else replace(post, **said)

    def find(self, attempt: Attempt) -> Sent | Absent | Refused | Unsure:
        found = self.platform.get("find", "")
        if found == "unsure":
            return Unsure("the thread cannot be read now")
        if found == "error":
            raise HttpError("broken", status=500)
        if found == "refused":
            return Refused("it broke the platform's rules")
        for reply in self.platform.replies():
            if reply["parent"] == attempt.to.id and reply["text"] == attempt.text:
                pending = bool(self.platform.get("pending", False))
                return Sent(reply["id"], f"https://fake.example.test/{reply['id']}", pending=pending)
        return Absent()
