"""The queue only wakes people up: what is due lives in rows, a lost message costs latency and never data.

The one file that knows the queue engine (Dramatiq). Embedded mode runs the same functions on threads. A job's
function takes only JSON arguments (ids).
"""

from __future__ import annotations

import heapq
import queue as stdlib_queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from listener import log
from listener.settings import SettingsError

if TYPE_CHECKING:
    import dramatiq

logger = log.get(__name__)
_running: set[tuple[str, int]] = set()  # (job, thread)


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work: its queue's name, the function, its time limit in seconds and priority (0 = first).

    `reads`: it reads a platform, which may not answer for a while; embedded, such jobs leave a thread to the others.
    """

    name: str
    run: Callable[..., object]
    seconds: int = 120
    priority: int = 10
    reads: bool = False


class Wake(Protocol):
    """Something that can be told that there is work."""

    def send(self, job: str, *args: int) -> None:
        """Ask for `job` to run soon with these ids."""


_Waiting = tuple[int, float, str, tuple[int, ...]]  # priority, since when, job, ids


class Threads:
    """Embedded mode: the jobs run on a few threads of this process, ordered by priority; a job already waiting
    with the same ids is not queued twice. However many platforms do not answer, one thread is left for replies."""

    def __init__(self, jobs: Sequence[Job], *, threads: int = 4) -> None:
        self.jobs = {job.name: job for job in jobs}
        self._waiting: stdlib_queue.PriorityQueue[_Waiting] = stdlib_queue.PriorityQueue()
        self._readers = max(1, threads - 1)  # how many jobs may read platforms at once
        self._reading = 0
        self._put_aside: list[_Waiting] = []  # a heap of those that came while that many were reading
        self._queued: set[tuple[str, tuple[int, ...]]] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def send(self, job: str, *args: int) -> None:
        """Queue a job unless the same one already waits."""
        with self._lock:
            if (job, args) in self._queued:
                return
            self._queued.add((job, args))
        self._waiting.put((self.jobs[job].priority, time.monotonic(), job, args))

    def stop(self, seconds: float = 25.0) -> None:
        """Let running jobs end, for at most `seconds` in all; what still waits stays in its rows."""
        self._stop.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                waiting = self._waiting.get(timeout=0.2)
            except stdlib_queue.Empty:
                continue
            _, _, name, args = waiting
            job = self.jobs[name]
            with self._lock:
                if job.reads and self._reading >= self._readers:
                    heapq.heappush(self._put_aside, waiting)
                    continue
                self._reading += job.reads
                self._queued.discard((name, args))
            run_job(job, args)
            with self._lock:
                self._reading -= job.reads
                if job.reads and self._put_aside:
                    self._waiting.put(heapq.heappop(self._put_aside))


def run_job(job: Job, args: Sequence[int]) -> None:
    """Run one job, with one log line. A crash is logged with its traceback and does not end the worker:
    the row keeps its lease and is claimed again when that expires."""
    began = time.monotonic()
    running = (job.name, threading.get_ident())
    _running.add(running)
    try:
        job.run(*args)
    except Exception:
        logger.exception(
            "job.crashed", job=job.name, ids=list(args), seconds=round(time.monotonic() - began, 3)
        )
        _count_crash()
    else:
        logger.debug("job.done", job=job.name, ids=list(args), seconds=round(time.monotonic() - began, 3))
    finally:
        _running.discard(running)


def running_jobs() -> list[str]:
    """Return the names of the jobs that run in this process now."""
    return sorted(name for name, _ in tuple(_running))


def _count_crash() -> None:
    """Count the crash, so that /metrics and the panel show that something is wrong."""
    from listener import metrics  # noqa: PLC0415 - keeps prometheus out of processes that never crash

    metrics.JOB_CRASHES.inc()


class Broker:
    """Redis or RabbitMQ through Dramatiq: `send` from anywhere, `work` in a worker process."""

    def __init__(self, url: str, jobs: Sequence[Job]) -> None:
        import dramatiq  # noqa: PLC0415 - embedded mode must not need it

        self.broker = _broker(url)
        dramatiq.set_broker(self.broker)
        self.jobs = {job.name: job for job in jobs}
        self.actors = {job.name: self._actor(job) for job in jobs}

    def _actor(self, job: Job) -> dramatiq.Actor[..., None]:
        import dramatiq  # noqa: PLC0415

        def run(*args: int) -> None:
            run_job(job, args)

        made: dramatiq.Actor[..., None] = dramatiq.actor(
            broker=self.broker,
            actor_name=job.name,
            queue_name=job.name,
            priority=job.priority,
            time_limit=job.seconds * 1000,
            max_retries=0,  # the rows know what is due; a retried message would only repeat a sweep
            max_age=600_000,
        )(run)
        return made

    def send(self, job: str, *args: int) -> None:
        """Put a message with ids on the job's queue."""
        self.actors[job].send(*args)

    def work(self, queues: Sequence[str] | None, *, threads: int) -> dramatiq.Worker:
        """Start consuming the named queues (all when None) and return the running worker."""
        import dramatiq  # noqa: PLC0415

        unknown = sorted(set(queues or ()) - set(self.jobs))
        if unknown:
            message = f"unknown queue {', '.join(unknown)}; known: {', '.join(self.jobs)}"
            raise SettingsError(message)
        worker = dramatiq.Worker(self.broker, queues=set(queues) if queues else None, worker_threads=threads)
        worker.start()
        return worker


def _broker(url: str) -> dramatiq.Broker:
    scheme = url.partition("://")[0]
    try:
        if scheme in {"redis", "rediss", "unix"}:
            from dramatiq.brokers.redis import RedisBroker  # noqa: PLC0415

            return RedisBroker(url=url)  # type: ignore[no-untyped-call]
        if scheme in {"amqp", "amqps"}:
            from dramatiq.brokers.rabbitmq import RabbitmqBroker  # noqa: PLC0415

            return RabbitmqBroker(url=url)
    except ImportError as error:
        extra = "rabbitmq" if scheme.startswith("amqp") else "redis"
        message = (
            f"the queue {scheme}://… needs a package that is missing ({error.name}): "
            f"pip install 'allears[{extra}]'"
        )
        raise SettingsError(message) from error
    message = f"queue.url starts with {scheme!r}; it must be redis://… or amqp://…"
    raise SettingsError(message)
