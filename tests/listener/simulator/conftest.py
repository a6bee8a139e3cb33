"""A running simulator with a clock the test moves, and the real Mastodon library pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mastodon import Mastodon

from listener.simulator import Simulator


class Clock:
    """The real time plus what a test has moved it by."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def move(self, **by: float) -> None:
        self.moved += timedelta(**by)


def connect(simulator: Simulator, token: str | None = None, **more: Any) -> Any:
    return Mastodon(
        api_base_url=simulator.base_url,
        access_token=simulator.token if token is None else token,
        mastodon_version="4.3.0",
        version_check_mode="created",
        ratelimit_method="throw",
        **more,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    with Simulator(live=False, clock=clock, seed=7) as made:
        yield made


@pytest.fixture
def client(simulator: Simulator) -> Any:
    return connect(simulator)
