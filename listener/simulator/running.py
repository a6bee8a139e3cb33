"""Simulator: a world, its server on loopback and its crowd, started and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from listener.simulator import drill
from listener.simulator.crowd import Crowd
from listener.simulator.drill import Drill
from listener.simulator.drill.routes import routes as drill_pages
from listener.simulator.errors import SimulatorError
from listener.simulator.faults import Faults
from listener.simulator.mail import Imap, Mailbox, Smtp
from listener.simulator.scenario import read
from listener.simulator.server import RATE_LIMIT, create_app
from listener.simulator.settings import Access
from listener.simulator.staging import stage
from listener.simulator.world import World
from listener.simulator.world.state import real_now

HOST = "127.0.0.1"
TOKEN = "sim-brand-token"  # noqa: S105 - opens nothing but the simulator
_TICK_SECONDS = 0.5
_STOP_SECONDS = 0.05


class _Quiet(WSGIRequestHandler):
    """Requests are not logged: the demo's terminal belongs to the product."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the library's signature
        """Say nothing."""


class Simulator:
    """The simulated platforms on 127.0.0.1.

    `port` 0 takes a free one. `speed` 2.0 doubles how fast posts and answers arrive. `live=False`: nothing happens
    by itself; `tick()` does what is due. `platforms`: where the posts of a drill may be put. `mail`: the ports
    of IMAP and SMTP (0 takes a free one), None serves no mail. `access.of(kind)`: the options of a source. Raises
    SimulatorError for an unknown scenario or platform, or a speed of zero.
    """

    def __init__(  # noqa: PLR0913 - all but the first have a default
        self, scenario: str = "brand_week", port: int = 0, speed: float = 1.0, *, live: bool = True,
        clock: Callable[[], datetime] = real_now, token: str = TOKEN, rate_limit: int = RATE_LIMIT,
        seed: int | None = None, platforms: Sequence[str] = (), mail: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        if speed <= 0:
            raise SimulatorError("speed must be greater than zero; live=False (--no-live) stops new posts")
        self.token = token
        self.live = live
        self.speed = speed
        self.base_url = ""
        self.world = World(clock=clock)
        script = read(scenario)
        changes = stage(self.world, script, token)
        planned = drill.plan(script)
        self.drill = Drill(planned, self.world, speed=speed, platforms=platforms) if planned else None
        in_a_drill = self.drill is not None  # then the scenario says everything that is said
        self.crowd = Crowd(
            self.world, changes, speed=speed, posts=live and not in_a_drill, answers=not in_a_drill, seed=seed
        )
        handle = self.world.brand.username if self.world.brand else ""
        self.access = Access(lambda: self.base_url, token, handle)
        self.app = create_app(self.world, rate_limit=rate_limit)
        self.app.extensions |= {"access": self.access, "drill": self.drill}
        self.app.register_blueprint(drill_pages)
        self._port = port
        self.mail: list[Imap | Smtp] = []
        if mail is None and self.drill is not None and "email" in self.drill.platforms:
            mail = 0, 0
        if mail is not None:
            mailbox = Mailbox(self.world)
            self.access.mail = (mailbox.address, *mail)
            self.mail = [
                Imap(mailbox, self.faults, token, mail[0]),
                Smtp(mailbox, self.faults, token, mail[1]),
            ]
        self._server: BaseWSGIServer | None = None
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()

    @property
    def faults(self) -> Faults:
        """The switches for misbehaviour."""
        return self.world.faults

    def start(self) -> str:
        """Serve in threads of its own. Returns the address without a slash at the end."""
        if self._server is not None:
            return self.base_url
        try:
            self._server = make_server(HOST, self._port, self.app, threaded=True, request_handler=_Quiet)
        except (OSError, SystemExit) as error:  # the library exits when a port is taken
            raise SimulatorError(f"port {self._port} cannot be used ({error}); choose another one") from error
        self.base_url = f"http://{HOST}:{self._server.server_port}"
        self._start_mail()
        self._stopping.clear()
        jobs: list[Callable[[], None]] = [partial(self._server.serve_forever, poll_interval=_STOP_SECONDS)]
        if self.live:
            jobs.append(self._live)
        self._threads = [threading.Thread(target=job, name="simulator", daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()
        return self.base_url

    def _start_mail(self) -> None:
        if not self.mail:
            return
        try:
            for one in self.mail:
                one.start()
        except OSError as error:
            for one in self.mail:
                one.stop()
            if self._server is not None:  # nothing serves yet, so there is nothing to shut down
                self._server.server_close()
                self._server = None
            raise SimulatorError(f"a port for mail cannot be used ({error}); choose another one") from error
        self.access.mail = (self.access.mail[0], self.mail[0].port, self.mail[1].port)

    def stop(self) -> None:
        """Stop serving; the world stays as it is."""
        self._stopping.set()
        for one in self.mail:
            one.stop()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads = []

    def wait(self) -> None:
        """Block until `stop`."""
        self._stopping.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def tick(self) -> int:
        """Do everything that is due now. Returns how many things happened."""
        return self.crowd.tick() + (self.drill.tick() if self.drill else 0)

    def _live(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            self.tick()
