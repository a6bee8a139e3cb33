"""Puts the rooms together: one context per process, everything in it made on first use.

The only place that knows which concrete things a process runs on. A web process never touches `reader`.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Mention
from listener.queue import Broker, Threads, Wake
from listener.stages import COLLECTED, WAITING
from listener.vault import Vault
from web.settings import Loaded, Settings

if TYPE_CHECKING:
    from alerts.mail import Mailer
    from sentiment.reader import Reader

BEHIND = timedelta(minutes=10)  # a mention that waits longer than this for its score is worth a banner


class Nobody:
    """No worker is reachable from here: what was asked for is found by the next sweep."""

    def send(self, job: str, *args: int) -> None:
        """Do nothing; the row is there."""


@dataclass
class Context:
    """What a process works with. `demo` adds the mail view; `setup_token` opens the first-run page."""

    loaded: Loaded
    demo: bool = False
    mail_folder: Path | None = None
    simulator_url: str | None = None
    setup_token: str | None = None
    wake: Wake = field(default_factory=Nobody)
    _reader_lock: threading.Lock = field(default_factory=threading.Lock)
    _reader: Reader | None = None
    _reader_error: str | None = None

    @property
    def settings(self) -> Settings:
        """All settings."""
        return self.loaded.values

    @property
    def home(self) -> Path:
        """The folder of the embedded default's files."""
        return self.loaded.home

    @cached_property
    def db(self) -> Database:
        """The database; not opened before the first transaction."""
        if self.settings.database.url is None:
            self.home.mkdir(parents=True, exist_ok=True)
        return Database(self.loaded.database_url)

    @cached_property
    def vault(self) -> Vault:
        """What seals secrets; its key file is made on first use."""
        self.loaded.key_file.parent.mkdir(parents=True, exist_ok=True)
        return Vault.open(self.loaded.key_file)

    @cached_property
    def secret_keys(self) -> list[str]:
        """Keys for signing tokens, the first signs."""
        return [line for line in self._key_lines() if line]

    @cached_property
    def ground(self) -> Ground:
        """What channels need."""
        network = self.settings.network
        http = Http(
            allow=network.allow,
            timeout=(5.0, network.timeout),
            deadline=network.deadline,
            max_bytes=network.max_bytes,
        )
        return Ground(http=http, vault=self.vault, settings=self.settings.listener)

    @property
    def reader(self) -> Reader:
        """The model, loaded once per process. Raises ModelError and remembers it for `model_status`."""
        from sentiment import choice  # noqa: PLC0415 - pages do not need it
        from sentiment.errors import ModelError  # noqa: PLC0415 - the engine's imports belong to workers only
        from sentiment.reader import Reader  # noqa: PLC0415

        with self._reader_lock:
            if self._reader is None:
                try:
                    wanted = self.settings.sentiment
                    self._reader = Reader.load(
                        choice.chosen(self.home, wanted.model),
                        threads=wanted.threads,
                        alert_threshold=choice.alert_threshold(self.home, wanted.alert_threshold),
                    )
                except ModelError as error:
                    self._reader_error = str(error)
                    raise
                self._reader_error = None
            return self._reader

    @cached_property
    def mailer(self) -> Mailer:
        """The way to the mail server."""
        from alerts.mail import Mailer  # noqa: PLC0415 - pages do not need it

        return Mailer(self.settings.mail)

    def model_status(self) -> str | None:
        """Return what is wrong with scoring, for the banner; None when all is well. Cheap: one indexed query."""
        if self._reader_error:
            return self._reader_error
        with self.db.read() as session:
            oldest: datetime | None = session.scalar(
                select(func.min(Mention.collected_at)).where(
                    WAITING, Mention.stage == COLLECTED, Mention.attempts > 0
                )
            )
        if oldest is not None and now() - oldest > BEHIND:
            since = oldest.astimezone(UTC).strftime("%H:%M UTC")
            return f"Scoring is behind since {since}: check that a worker with the score queue is running"
        return None

    def connect_queue(self) -> Threads | Broker:
        """Give this context its queue, from the settings: a broker by URL, else threads of this process."""
        from alerts.pipeline import jobs  # noqa: PLC0415 - one-shot commands need no queue

        made: Threads | Broker
        if self.settings.queue.url:
            made = Broker(self.settings.queue.url, jobs(self))
        else:
            made = Threads(jobs(self), threads=self.settings.queue.threads)
        self.wake = made
        return made

    def close(self) -> None:
        """Close the database's connections."""
        if "db" in self.__dict__:
            self.db.dispose()

    def _key_lines(self) -> list[str]:
        _ = self.vault  # makes the file
        return self.loaded.key_file.read_text(encoding="utf-8").split()


def new_setup_token() -> str:
    """Return a one-time token for the first-run page."""
    return secrets.token_urlsafe(24)
