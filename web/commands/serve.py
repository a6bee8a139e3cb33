"""The processes: everything in one (`run`), or web, worker and ticks apart."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

import click
from sqlalchemy import func, select

from alerts.models import Person
from alerts.pipeline import streams as streams_of
from alerts.pipeline import ticks as ticks_of
from listener import log
from listener.queue import Broker, Threads, running_jobs
from listener.settings import SettingsError
from listener.ticks import Clock
from web import drafts, schema
from web.cli import App
from web.composition import Context, new_setup_token
from web.server import Server

logger = log.get(__name__)
PORT = 8765
STOP_SECONDS = 25.0  # a supervisor usually kills after 30
STREAM_SECONDS = 4.0  # before that, for the streams to say good-bye and give their leases back


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=PORT, show_default=True)
@click.pass_obj
def run(app: App, host: str, port: int) -> None:
    """Run web, clock and workers in one process; migrates the database first.

    Example: allears run --port 8765
    """
    context = app.context
    schema.upgrade(context.db)
    offer_setup(context)
    everything(context, host, port, ready=None)
    leave()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=PORT, show_default=True)
@click.pass_obj
def web(app: App, host: str, port: int) -> None:
    """Run the panel and API alone; the model is not loaded here.

    Example: allears web --host 0.0.0.0 --port 8765
    """
    context = app.context
    schema.require_current(context.db)
    if context.settings.queue.url:
        context.connect_queue()
    offer_setup(context)
    server = Server(context, host, port)
    server.start()
    click.echo(f"Panel: {server.url}")
    wait_for_signal()
    server.stop()
    context.close()


@click.command()
@click.option("--queues", help="Comma-separated; default: all. Only workers of `score` load the model.")
@click.option("--threads", default=None, type=click.IntRange(1, 64))
@click.pass_obj
def worker(app: App, queues: str | None, threads: int | None) -> None:
    """Consume the queues: poll, recheck, score, triage, publish, deliver, renew, digest.

    Workers of `poll` also keep the streams of sources that have `stream` on.

    Example: allears worker --queues score,triage
    """
    context = app.context
    schema.require_current(context.db)
    broker = _broker(context)
    names = [name.strip() for name in queues.split(",") if name.strip()] if queues else None
    consumer = broker.work(names, threads=threads or context.settings.queue.threads)
    logger.info("worker.started", queues=names or sorted(broker.jobs))
    listening = streams_of(context) if names is None or "poll" in names else None
    if listening is not None:
        listening.start()
    wait_for_signal()
    if listening is not None:
        listening.stop(STREAM_SECONDS)
    consumer.stop(timeout=int(STOP_SECONDS * 1000))
    context.close()
    leave()


@click.command()
@click.pass_obj
def ticks(app: App) -> None:
    """Run the clock alone; a second one is harmless.

    Example: allears ticks
    """
    context = app.context
    schema.require_current(context.db)
    _broker(context)
    clock = Clock([*ticks_of(context, context.wake), *drafts.ticks(context.db)])
    clock.start()
    logger.info("ticks.started")
    wait_for_signal()
    clock.stop()
    context.close()


def everything(context: Context, host: str, port: int, *, ready: threading.Event | None) -> None:
    """Serve, tick and work until SIGTERM or SIGINT; used by `run` and `demo`."""
    queue = context.connect_queue()
    consumer = None
    if isinstance(queue, Threads):
        queue.start()
    else:
        consumer = queue.work(None, threads=context.settings.queue.threads)
    clock = Clock([*ticks_of(context, context.wake), *drafts.ticks(context.db)])
    listening = streams_of(context)
    server = Server(context, host, port)
    server.start()
    clock.start()
    listening.start()
    if ready is None:
        click.echo(f"Panel: {server.url}")
    else:
        ready.set()
    wait_for_signal()
    listening.stop(STREAM_SECONDS)
    clock.stop()
    if isinstance(queue, Threads):
        queue.stop(STOP_SECONDS)
    elif consumer is not None:
        consumer.stop(timeout=int(STOP_SECONDS * 1000))
    server.stop()
    context.close()


def leave() -> None:
    """End the process although a job did not end in time. Its row keeps its lease and is claimed again.

    An ordinary exit would tear the interpreter down under the model's threads, which aborts with a core dump.
    """
    left = running_jobs()
    if left:
        logger.warning("worker.left_jobs", jobs=left)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def offer_setup(context: Context) -> None:
    """Print the one-time token of the first-run page when nobody can log in yet."""
    with context.db.read() as session:
        people = session.scalar(select(func.count()).select_from(Person))
    if not people:
        context.setup_token = new_setup_token()
        click.echo(
            f"Nobody can log in yet. Open {context.settings.public_url}/setup?token={context.setup_token}"
        )


def wait_for_signal() -> None:
    """Block until SIGTERM or SIGINT."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    while not stop.wait(1.0):  # a wait without an end would not be interrupted on every platform
        pass


def _broker(context: Context) -> Broker:
    if not context.settings.queue.url:
        message = (
            "this process needs a queue: set ALLEARS_QUEUE__URL=redis://… or amqp://…, or use `allears run`"
        )
        raise SettingsError(message)
    queue = context.connect_queue()
    if not isinstance(queue, Broker):  # pragma: no cover - connect_queue gives a broker for a URL
        raise TypeError(queue)
    return queue
