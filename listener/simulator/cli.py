"""`allears sim`: the simulated platforms alone, for drills."""

from __future__ import annotations

import click

from listener.simulator import scenario as scenarios_
from listener.simulator.errors import SimulatorError
from listener.simulator.running import Simulator


@click.group()
def sim() -> None:
    """The simulated platforms alone."""


@sim.command()
@click.option(
    "--port", default=9000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--scenario", default="brand_week", show_default=True, help="See `allears sim scenarios`.")
@click.option("--speed", default=1.0, show_default=True, help="How fast new posts and answers arrive.")
@click.option("--live/--no-live", default=True, show_default=True, help="Whether anything happens by itself.")
def serve(port: int, scenario: str, speed: float, live: bool) -> None:
    """Serve on 127.0.0.1 until Ctrl-C.

    Example: allears sim serve --port 9000 --scenario brand_week
    """
    try:
        simulator = Simulator(scenario, port, speed, live=live)
        address = simulator.start()
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Platform: {address}")
    click.echo(
        f"Access token of @{simulator.world.brand.username if simulator.world.brand else ''}: {simulator.token}"
    )
    click.echo(f"Feed: {address}/feeds/news.xml")
    click.echo(f"Hacker News (base_url): {address}/hn")
    click.echo(f"Query: {simulator.world.brand_query}")
    try:
        simulator.wait()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    finally:
        simulator.stop()


@sim.command()
def scenarios() -> None:
    """List the scenarios."""
    for name in scenarios_.names():
        script = scenarios_.read(name)
        click.echo(f"{name}\t{len(script.posts) + script.burst} posts\t{script.title}")
