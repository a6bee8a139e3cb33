"""`allears coverage`: gaps in words, each poll on a line, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from click.testing import CliRunner

from listener import collect
from listener.cli import coverage
from listener.db import Database, now
from listener.errors import ChannelError
from listener.ground import Ground
from listener.models import Source
from tests.listener.rooms import furnish, page, post

Say = Callable[..., None]


@dataclass
class App:
    db: Database
    ground: Ground

    def run(self, *words: str) -> str:
        done = CliRunner().invoke(coverage, words, obj=self)
        assert done.exit_code == 0, done.output
        return done.output


def test_gaps_and_polls_are_told(sqlite_db: Database, kit: Ground, say: Say) -> None:
    app = App(sqlite_db, kit)
    (source_id,) = furnish(sqlite_db, kit, "one")
    start = now().replace(second=0, microsecond=0) - timedelta(hours=3)
    with sqlite_db.work() as session:
        session.get_one(Source, source_id).created_at = start
    say(page(post("1", at=start)))
    collect.poll(sqlite_db, kit, source_id, force=True, at=start)
    say(ChannelError("HTTP 500"))
    collect.poll(sqlite_db, kit, source_id, force=True, at=start + timedelta(minutes=5))
    say(page(post("2", at=start + timedelta(minutes=9)), backfilled=True))
    collect.poll(sqlite_db, kit, source_id, force=True, at=start + timedelta(minutes=35))
    said = app.run("--source", "one")
    assert "one (parrot, active): 3 polls, 2 fetched, 2 new, 1 back-filled, 1 errors" in said
    assert (
        f"blind since {start:%Y-%m-%d %H:%M} UTC, healed {start + timedelta(minutes=35):%Y-%m-%d %H:%M}"
        in said
    )
    assert "still: not polled" in said
    (told,) = json.loads(app.run("--json"))
    assert [(gap["cause"], gap["to"] is None) for gap in told["blind"]] == [
        ("error", False),
        ("stopped", True),
    ]
    assert (told["errors"], told["late"], "source_id" in told) == (1, 0, False)
    newest, failed, _first = app.run("--source", "one", "--polls").splitlines()
    assert f"asked {start:%m-%d %H:%M} to" in newest
    assert newest.endswith("1 fetched, 1 new, back-filled")
    assert failed.endswith("saw nothing, 0 fetched, 0 new, error: HTTP 500")
    assert len(json.loads(app.run("--source", "one", "--polls", "--json"))) == 3
    assert CliRunner().invoke(coverage, ["--polls"], obj=app).exit_code == 2
