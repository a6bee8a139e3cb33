"""`allears demo`: a simulated brand week, everything running on it, one person who can log in.

The real channels are pointed at the simulator by `base_url`; nothing in the other rooms knows that it is a demo.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import exists, select

from alerts import people
from alerts.smtp_sink import Sink
from listener import brands, log, sources
from listener.db import Database, now
from listener.models import Mention
from listener.settings import SettingsError
from listener.simulator import Simulator, SimulatorError
from listener.simulator.drill.listening import hosts
from web import schema
from web.commands.demo_digest import send_first_digest
from web.commands.demo_drill import Drill, options_of
from web.commands.serve import everything, leave
from web.composition import Context
from web.settings import load

logger = log.get(__name__)
MARK = "demo.json"  # a folder with this file was made by the demo and may be started afresh
SOURCES: tuple[tuple[str, str, int, dict[str, str]], ...] = (
    ("mastodon", "{brand} on Mastodon", 10, {}),
    ("x", "{brand} on X", 15, {"reads_per_day": "5000"}),
    ("reddit", "{brand} on Reddit", 15, {"subreddits": "eastmere,homeinternet"}),
    ("googleplay", "{brand} app on Google Play", 30, {}),
    ("feed", "Local news", 60, {}),
)
"""Kind, name, seconds between polls, and what the source has beyond what the simulator tells."""
EMAIL = "dana@example.test"
COLLEAGUE = "avi@example.test"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
)
@click.option("--speed", default=1.0, show_default=True, help="How fast new posts arrive.")
@click.option(
    "--scenario",
    default="brand_week",
    show_default=True,
    help="`crisis` is a drill with a scorecard at its end.",
)
def demo(host: str, port: int, folder: Path, speed: float, scenario: str) -> None:
    """Start the simulator and All Ears on it; prints the address and a log-in.

    Example: allears demo --port 8765
    """
    home = folder.resolve()
    _start_afresh(home)
    try:
        simulator = Simulator(scenario, speed=speed)
        drill = Drill(simulator)
        simulator.start()
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    sink = Sink(home / "mail")
    sink.start()
    try:
        context = _context(home, simulator, sink, f"http://{host}:{port}")
        schema.upgrade(context.db)
        password = secrets.token_urlsafe(9)
        _fill(context, simulator, password)
        drill.listen(context.db, context.ground)
        ready = threading.Event()
        threading.Thread(
            target=_announce, args=(context, ready, password, f"http://{host}:{port}", drill), daemon=True
        ).start()
        everything(context, host, port, ready=ready)
    finally:
        drill.tell()
        sink.stop()
        simulator.stop()
    leave()


def _start_afresh(home: Path) -> None:
    """Empty a folder that an earlier demo made; refuse one that holds somebody's real data."""
    database = home / "allears.db"
    if (home / MARK).exists():
        for leftover in home.glob("allears.db*"):
            leftover.unlink()
        shutil.rmtree(home / "mail", ignore_errors=True)
    elif database.exists():
        message = f"{home} holds a database that the demo did not make; choose an empty folder with --dir"
        raise SettingsError(message)
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / MARK).write_text(json.dumps({"made_at": now().isoformat()}), encoding="utf-8")
    except OSError as error:
        message = f"cannot write to {home}: {error}; choose another folder with --dir"
        raise SettingsError(message) from error


def _context(home: Path, simulator: Simulator, sink: Sink, panel: str) -> Context:
    """Settings of the demo: whatever the environment says, plus the simulator and the mail sink."""
    os.environ["ALLEARS_HOME"] = str(home)
    os.environ.setdefault("ALLEARS_PUBLIC_URL", panel)
    os.environ["ALLEARS_NETWORK__ALLOW"] = json.dumps(hosts(simulator))
    os.environ.setdefault("ALLEARS_MAIL__HOST", "127.0.0.1")
    os.environ.setdefault("ALLEARS_MAIL__PORT", str(sink.port))
    os.environ.setdefault("ALLEARS_MAIL__SECURITY", "none")
    loaded = load()
    log.configure(loaded.values.log)
    return Context(loaded, demo=True, mail_folder=home / "mail", simulator_url=simulator.base_url)


def _fill(context: Context, simulator: Simulator, password: str) -> None:
    world = simulator.world
    db, ground = context.db, context.ground
    brands.add(db, world.brand_name, query=world.brand_query)
    week = now() - timedelta(days=8)
    for kind, name, seconds, more in SOURCES if simulator.drill is None else ():
        sources.add(
            db,
            ground,
            kind,
            name=name.format(brand=world.brand_name),
            brand=world.brand_name,
            settings=options_of(simulator, kind) | more,
            every=timedelta(seconds=seconds),
            since=week,
        )
    people.add_person(
        db,
        EMAIL,
        role="admin",
        password=password,
        brands=[],
        name="Dana",
    )
    people.add_person(db, COLLEAGUE, role="agent", password=secrets.token_urlsafe(16), brands=[], name="Avi")


def _announce(context: Context, ready: threading.Event, password: str, panel: str, drill: Drill) -> None:
    """Print the log-in once the panel answers, then send a first digest when the backlog is worked off."""
    ready.wait()
    while not _answers(panel):
        threading.Event().wait(0.1)
    for line in (f"Panel: {panel}", f"E-mail: {EMAIL}", f"Password: {password}"):
        click.echo(line)
    drill.begin()
    sys.stdout.flush()
    while _waiting(context.db):
        threading.Event().wait(1.0)
    send_first_digest(context, EMAIL)


def _answers(panel: str) -> bool:
    try:
        with urllib.request.urlopen(f"{panel}/healthz", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False


def _waiting(db: Database) -> bool:
    """Tell whether posts are still on their way through the walk (or none has arrived yet)."""
    with db.read() as session:
        some = session.scalar(select(exists().select_from(Mention)))
        walking = session.scalar(select(exists().where(Mention.stage.in_(("collected", "scored")))))
    return not some or bool(walking)
