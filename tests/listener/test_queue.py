"""The embedded queue: order, no doubles, a crash ends nothing, and what still runs is known when a process leaves."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from listener.queue import Job, Threads, running_jobs


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Hold the only thread until a test has queued what it wants to queue."""
    event = threading.Event()
    yield event
    event.set()


def embedded(gate: threading.Event, **jobs: Callable[..., object]) -> Threads:
    held = threading.Event()

    def hold() -> None:
        held.set()
        gate.wait(10)

    priorities = {"late": 20}
    made = Threads(
        [
            Job("hold", hold, priority=0),
            *(Job(name, run, priority=priorities.get(name, 10)) for name, run in jobs.items()),
        ],
        threads=1,
    )
    made.start()
    made.send("hold")
    assert held.wait(10)
    return made


def test_the_urgent_runs_first_and_nothing_waits_twice(gate: threading.Event) -> None:
    ran: list[tuple[str, int]] = []
    done = threading.Event()

    def late(number: int) -> None:
        ran.append(("late", number))
        done.set()

    queue = embedded(gate, early=lambda number: ran.append(("early", number)), late=late)
    for job, number in (("late", 1), ("early", 1), ("early", 2), ("early", 1), ("early", 2)):
        queue.send(job, number)
    gate.set()
    assert done.wait(10)
    queue.stop(10)
    assert ran == [("early", 1), ("early", 2), ("late", 1)]


def test_a_crash_is_logged_and_the_next_job_runs(
    gate: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    done = threading.Event()

    def broken() -> None:
        message = "the disk is full"
        raise OSError(message)

    queue = embedded(gate, broken=broken, late=done.set)
    queue.send("broken")
    queue.send("late")
    gate.set()
    assert done.wait(10)
    queue.stop(10)
    logged = capsys.readouterr().err
    assert "job.crashed" in logged
    assert "the disk is full" in logged


def test_platforms_that_do_not_answer_leave_a_thread_for_replies_and_lose_no_poll() -> None:
    answers, most = threading.Event(), threading.Semaphore(0)
    sent, polled = threading.Event(), set[int]()
    lock = threading.Lock()

    def poll(number: int) -> None:
        most.release()
        answers.wait(10)
        with lock:
            polled.add(number)

    queue = Threads(
        [Job("poll", poll, priority=10, reads=True), Job("publish", sent.set, priority=20)], threads=3
    )
    for number in range(8):
        queue.send("poll", number)
    queue.start()
    try:
        assert most.acquire(timeout=10)
        assert most.acquire(timeout=10)
        assert not most.acquire(timeout=0.5)  # a third one would have taken the last thread
        queue.send("publish")
        assert sent.wait(10)
        queue.send("poll", 7)  # waits already
        answers.set()
        for _ in range(6):
            assert most.acquire(timeout=10)
        assert not most.acquire(timeout=0.3)
    finally:
        answers.set()
        queue.stop(10)
    assert polled == set(range(8))


def test_a_single_thread_reads_platforms_too() -> None:
    done = threading.Event()
    queue = Threads([Job("poll", done.set, reads=True)], threads=1)
    queue.start()
    queue.send("poll")
    assert done.wait(10)
    queue.stop(10)


def test_a_job_that_does_not_end_is_known_and_stop_does_not_wait_for_ever(gate: threading.Event) -> None:
    queue = embedded(gate)
    queue.stop(0.1)
    assert running_jobs() == ["hold"]


LEAVES = """
import threading, time
from listener.queue import Job, run_job
from web.commands.serve import leave
job = Job("endless", lambda: time.sleep(60))
threading.Thread(target=run_job, args=(job, ())).start()
leave()
"""


def test_a_process_leaves_a_job_that_does_not_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVES], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert "endless" in done.stdout + done.stderr
