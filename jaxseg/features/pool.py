"""Processes that work on videos side by side; one that dies or hangs fails its own task only.

The pool is pebble's. concurrent.futures gives up all tasks when one process dies, and neither it
nor multiprocessing ends a process that hangs.
"""

import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import NamedTuple, Self

from jaxseg.features import need

DONE, FAILED, PROGRESS = "done", "failed", "progress"
READY = "ready"  # of a process, not of a task
PATIENCE = 1800.0  # seconds without any progress after which a task is given up
# One process a core: libraries that start threads of their own would compete for the cores.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)


class Event(NamedTuple):
    """What happens to a task."""

    key: str  # of the task
    kind: str  # DONE, FAILED or PROGRESS
    value: object  # result of the function, reason in one line, or what was told from inside


def cores() -> int:
    """Number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


class Pool:
    """with Pool(processes) as pool: processes that are started with the first task.

    They are spawned, not forked, since a fork of a process with JAX's threads may hang. So they
    import the main module again, which should be light and, in a script, guarded by
    `if __name__ == "__main__"`.
    """

    def __init__(self, processes: int, *, patience: float = PATIENCE):
        self._processes = processes
        self._patience = patience
        self._pool = None

    def __enter__(self) -> Self:
        # A new process, also one that replaces a dead one, takes the variables from this one.
        self._environment = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(ONE_THREAD)
        # No lock, which a process that is killed could keep: messages shorter than PIPE_BUF bytes
        # reach a pipe whole, however many processes write.
        self._reader, self._writer = multiprocessing.Pipe(duplex=False)
        return self

    def __exit__(self, kind, error, trace) -> None:
        try:
            self._stop()
        finally:
            self._reader.close()
            self._writer.close()
            for name, value in self._environment.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def run(self, function: Callable, tasks: Mapping[str, object]) -> Iterator[Event]:
        """Calls function(task, tell) for each task, by its key, and yields what happens.

        Function and tasks are pickled; tell(value) reports progress from inside, in small values.
        """
        waiting = iter(tasks.items())
        running: dict[str, Future] = {}
        last_sign: dict[str, float] = {}
        while True:
            for key, task in itertools.islice(waiting, self._processes - len(running)):
                running[key] = self._submit(function, key, task)
                last_sign[key] = time.monotonic()
            if not running:
                return
            if self._reader.poll(min(1.0, self._patience / 4)):
                event = self._reader.recv()
                if event.key in running:
                    last_sign[event.key] = time.monotonic()
                    if event.kind == DONE:
                        event = self._outcome(event.key, running.pop(event.key))
                    yield event
            for key, future in running.items():
                if time.monotonic() - last_sign[key] > self._patience:
                    future.cancel()  # kills its process, and counts as done

    def _submit(self, function: Callable, key: str, task: object) -> Future:
        future = self._started().schedule(_perform, args=(function, key, task))
        future.add_done_callback(lambda _: self._writer.send(Event(key, DONE, None)))
        return future

    def _started(self):
        """pebble's pool; a new one where all idle processes of the last one have been killed."""
        if self._pool is None or not self._pool.active:
            self._stop()
            self._pool = need("pebble").ProcessPool(
                self._processes,
                initializer=_prepare_process,
                initargs=(self._writer,),
                context=multiprocessing.get_context("spawn"),
            )
            # Ctrl-C is for this process, which ends the others: they inherit the mask, and one that
            # is ended while it starts would print a traceback. Python's own helper process comes
            # first, since its start would undo the mask.
            resource_tracker.ensure_running()
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                ready = 0
                while self._pool.active and ready < self._processes:  # the first look starts it
                    if self._reader.poll(0.1):
                        ready += self._reader.recv().kind == READY
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            if not self._pool.active:
                raise ValueError(_CANNOT_START)
        return self._pool

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()

    def _outcome(self, key: str, future: Future) -> Event:
        """The last event of a task."""
        if future.cancelled():
            minutes = self._patience / 60
            return Event(key, FAILED, f"no progress for {minutes:g} minutes; given up")
        error = future.exception()
        if error is None:
            return Event(key, *future.result())
        if isinstance(error, need("pebble").ProcessExpired):
            return Event(key, FAILED, _reason_of_end(error.exitcode))
        if isinstance(error, BrokenProcessPool):
            raise ValueError(_CANNOT_START) from None
        raise error


def _reason_of_end(status: int) -> str:
    if status >= 0:
        return f"the process that read it ended with status {status}"
    often = ", often for lack of memory" if status == -signal.SIGKILL else ""
    return f"the process that read it was ended by {signal.Signals(-status).name}{often}"


_CANNOT_START = (
    "worker processes end as soon as they start; a script of yours needs "
    'if __name__ == "__main__": around what it runs'
)
_progress: Connection  # of a worker process, to the main one


def _prepare_process(progress: Connection) -> None:
    """Makes a worker process silent: what libraries print would spill over the progress bar."""
    global _progress
    _progress = progress
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    progress.send(Event("", READY, None))


def _perform(function: Callable, key: str, task: object) -> tuple[str, object]:
    """(DONE, result) or (FAILED, reason), in a worker process."""
    try:
        return DONE, function(task, lambda value: _progress.send(Event(key, PROGRESS, value)))
    except (ValueError, OSError) as error:
        return FAILED, " ".join(str(error).split())
    except MemoryError:
        return FAILED, "out of memory"
    except BaseException as error:  # a defect, or a library that calls exit()
        return FAILED, " ".join(f"{type(error).__name__}: {error}".split())
