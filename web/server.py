"""Serves the panel with waitress on a thread, so that a process can do other things beside it."""

from __future__ import annotations

import errno
import threading

from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from listener.settings import SettingsError
from web.app import create_app
from web.composition import Context

THREADS = 8


def _port(server: BaseWSGIServer | MultiSocketServer) -> int:
    """Return the port that was bound; a name with several addresses ("localhost") binds one server for each."""
    if isinstance(server, MultiSocketServer):
        return int(server.effective_listen[0][1])
    return int(server.effective_port)  # type: ignore[attr-defined]  # the type stubs lack it


class Server:
    """A waitress server for one context; bound on construction, so a taken port is said at once."""

    def __init__(self, context: Context, host: str, port: int) -> None:
        """Raises SettingsError when the port cannot be used."""
        proxies = context.settings.trusted_proxies
        try:
            self._server = create_server(
                create_app(context),
                host=host,
                port=port,
                threads=THREADS,
                ident=None,
                max_request_body_size=12_000_000,
                clear_untrusted_proxy_headers=not proxies,
            )
        except OSError as error:
            reason = (
                "is in use by another process"
                if error.errno == errno.EADDRINUSE
                else f"cannot be used ({error})"
            )
            message = f"port {port} on {host} {reason}; choose another with --port"
            raise SettingsError(message) from error
        shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound
        self.url = f"http://{shown}:{_port(self._server)}"
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.close()
        self._thread.join(5.0)
