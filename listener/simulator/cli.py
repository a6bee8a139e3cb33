"""`allears sim`: the simulated platforms alone, for drills."""

from __future__ import annotations

import json
import shlex
import threading
from pathlib import Path

import click

from listener.simulator import scenario as scenarios_
from listener.simulator.drill import Drill
from listener.simulator.drill.listening import hosts
from listener.simulator.drill.report import duration, report
from listener.simulator.errors import SimulatorError
from listener.simulator.faults import KINDS
from listener.simulator.running import Simulator

_LOOK_SECONDS = 0.5
_SHOWN = 80  # characters of an option


@click.group()
def sim() -> None:
    """The simulated platforms alone.

    Example: allears sim serve --port 9000
    """


@sim.command()
@click.option(
    "--port", default=9000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--scenario", default="brand_week", show_default=True, help="See `allears sim scenarios`.")
@click.option(
    "--speed", default=1.0, show_default=True, help="How fast posts and answers arrive, and a drill's time."
)
@click.option("--live/--no-live", default=True, show_default=True, help="Whether anything happens by itself.")
@click.option("--platform", "platforms", multiple=True, help="Of a drill: only there. Default: everywhere.")
@click.option(
    "--scorecard", type=click.Path(path_type=Path, dir_okay=False), help="Of a drill: JSON as well."
)
@click.option(
    "--imap-port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option(
    "--smtp-port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:name=value,…]",
    help="As rate_limited:path=/x/,seconds=60. See `allears sim faults`.",
)
@click.option("--hold", is_flag=True, help="Of a drill: begin when a key is pressed here.")
@click.option("--leave", is_flag=True, help="Of a drill: stop serving when it is over.")
def serve(  # noqa: PLR0913 - one an option
    *, port: int, scenario: str, speed: float, live: bool, platforms: tuple[str, ...],
    scorecard: Path | None, hold: bool, leave: bool, imap_port: int, smtp_port: int, faults: tuple[str, ...],
) -> None:  # fmt: skip
    """Serve on 127.0.0.1 until Ctrl-C. A drill prints its scorecard when it is over, or at Ctrl-C.

    Example: allears sim serve --scenario crisis --speed 5
    """
    try:
        simulator = Simulator(
            scenario, port, speed, live=live, platforms=platforms, mail=(imap_port, smtp_port)
        )
        for written in faults:
            simulator.faults.order(written)
        if simulator.drill is not None and hold:
            simulator.drill.hold()
        for_drills = platforms or scorecard or hold or leave
        address = simulator.start() if simulator.drill is not None or not for_drills else ""
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    if not address:
        raise click.UsageError(
            f"--platform, --scorecard, --hold and --leave are for drills; {scenario} is none"
        )
    watched = simulator.drill if live else None
    try:
        _introduce(simulator, address)
        if simulator.drill is not None and hold:
            click.pause("Press any key to begin the drill.")
            simulator.drill.begin()
        while watched is not None and not watched.over:
            threading.Event().wait(_LOOK_SECONDS)
        _tell(watched, scorecard)
        watched = None
        if not leave:
            simulator.wait()
    except KeyboardInterrupt:
        _tell(watched, scorecard)
        click.echo("Stopped.")
    finally:
        simulator.stop()


@sim.command()
def faults() -> None:
    """List the faults; they are set by --fault, or while it runs by POST /_sim/faults.

    \b
    Example:
      curl -s -H 'Content-Type: application/json' http://127.0.0.1:9000/_sim/faults \\
        -d '{"kind": "accepted_then_503", "path": "/reddit/"}'
    """
    for name, what in KINDS.items():
        click.echo(f"{name}\t{what}")


@sim.command()
def scenarios() -> None:
    """List the scenarios.

    Example: allears sim scenarios
    """
    for name in scenarios_.names():
        script = scenarios_.read(name)
        count = len(script.posts) + len(script.arrivals) + script.burst
        click.echo(f"{name}\t{count} posts\t{script.title}")


def _introduce(simulator: Simulator, address: str) -> None:
    world = simulator.world
    click.echo(f"Platform: {address}")
    click.echo(f"Access token of @{world.brand.username if world.brand else ''}: {simulator.token}")
    for name in simulator.access.names():
        options = simulator.access.of(name).items()
        click.echo(f"{name}: " + " ".join(shlex.quote(f"{key}={_short(value)}") for key, value in options))
    click.echo(f"All options, keys included: {address}/_sim/settings")
    click.echo(f"Query: {world.brand_query}")
    if simulator.drill is not None:
        real = simulator.drill.plan.length / simulator.speed
        click.echo(
            f"Drill: {duration(round(real.total_seconds()))}, on {', '.join(simulator.drill.platforms)}"
        )
        click.echo(f"Its figures: {address}/drill")
        click.echo("To listen, in the shell of `allears run`:")
        click.echo("  export " + shlex.quote(f"ALLEARS_NETWORK__ALLOW={json.dumps(hosts(simulator))}"))
        click.echo(f"  curl -s {address}/_sim/listen | sh")


def _short(value: str) -> str:
    """Return an option as it is shown: keys and their files are too long."""
    return value if len(value) <= _SHOWN else "(see below)"


def _tell(run: Drill | None, file: Path | None) -> None:
    """Tell how the drill went, on the terminal and in the file asked for."""
    if run is None:
        return
    card = run.scorecard()
    click.echo(report(card))
    if file is None:
        return
    try:
        file.write_text(json.dumps(card.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write the scorecard: {error}") from error
