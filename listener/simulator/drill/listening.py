"""How All Ears is pointed at a drill: the hosts it must be allowed to reach, and the commands that add the sources."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from listener.simulator.settings import Access
from listener.simulator.world import World

if TYPE_CHECKING:
    from listener.simulator.running import Simulator

EVERY = "10s"  # a drill's time may run fast


def hosts(simulator: Simulator) -> list[str]:
    """Return host:port of everything that is served."""
    address = simulator.base_url.removeprefix("http://")
    name = address.partition(":")[0]
    return [address, *(f"{name}:{one.port}" for one in simulator.mail)]


def commands(world: World, access: Access, kinds: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a shell script, keys included (they open nothing)."""
    yield shlex.join(["allears", "brand", "add", world.brand_name, "--query", world.brand_query])
    for kind in kinds:
        options = [f"--set={name}={value}" for name, value in access.of(kind).items()]
        command = ["allears", "source", "add", kind, "--name", f"drill {kind}", "--brand", world.brand_name]
        yield shlex.join([*command, "--every", EVERY, *options])
