"""Tasks for several processes, of which one may die without taking more than its task along.

(concurrent.futures gives up all tasks when one process dies, and both it and multiprocessing
would start the main program, JAX and all, once more in each process.)
"""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from typing import Self

DONE, FAILED, PROGRESS = "done", "failed", "progress"
# One process a core: libraries that start threads of their own would be in each other's way.
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


class Pool:
    """with Pool(processes) as pool: processes that are started when there is work for them."""

    def __init__(self, processes: int):
        self._processes = processes
        self._busy: dict[Connection, _Worker] = {}
        self._idle: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind, error, trace) -> None:
        for worker in (*self._busy.values(), *self._idle):
            worker.end()

    def run(
        self, function: Callable, tasks: Mapping[str, object]
    ) -> Iterator[tuple[str, str, object]]:
        """Calls function(task, tell) for each task, and yields what happens as it does.

        Args:
            function: travels pickled with each task; tell(value) reports progress from inside.
            tasks: key -> what is pickled for the call.

        Yields:
            (key, DONE, what the function returned) or (key, FAILED, why, in one line) at the end
            of each task, and (key, PROGRESS, value) in between.
        """
        pickled = pickle.dumps(function)
        waiting = list(reversed(tasks.items()))
        while waiting or self._busy:
            while waiting and len(self._busy) < self._processes:
                worker = self._idle_one() or _Worker()
                worker.begin(waiting.pop(), pickled)
                self._busy[worker.connection] = worker
            for connection in wait(list(self._busy)):
                worker = self._busy[connection]
                event, value = worker.receive()
                if event != PROGRESS:
                    del self._busy[connection]
                    if worker.alive:
                        self._idle.append(worker)
                yield worker.key, event, value

    def _idle_one(self) -> "_Worker | None":
        while self._idle:
            worker = self._idle.pop()
            if worker.is_running():
                return worker
            worker.end()
        return None


class _Worker:
    """A process and what it is at."""

    def __init__(self):
        own, other = socket.socketpair()
        # What libraries print there would spill over the bar; its end tells why a process died.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (`end` closes it)
        paths = [os.path.abspath(path) for path in sys.path]
        environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jaxseg.features.worker", str(other.fileno())],
            pass_fds=[other.fileno()],
            env=environment | {"PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            process_group=0,  # Ctrl-C is for the main process, which ends this one
        )
        other.close()
        self.connection = Connection(own.detach())
        self.alive = True
        self.key = ""

    def is_running(self) -> bool:
        return self._process.poll() is None

    def begin(self, task: tuple[str, object], function: bytes) -> None:
        self.key, content = task
        self._send(function)
        self._send(pickle.dumps(content))

    def _send(self, content: bytes) -> None:
        # Where it has died, `receive` finds out.
        with contextlib.suppress(OSError):
            self.connection.send_bytes(content)

    def receive(self) -> tuple[str, object]:
        """Its next (event, value); FAILED where it has died."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.alive = False
            self._process.wait()
            reason = self._last_words()
            self.end()
            return FAILED, reason

    def _last_words(self) -> str:
        status = self._process.returncode
        if status < 0:
            name = signal.Signals(-status).name
            often = ", often for lack of memory" if -status == signal.SIGKILL else ""
            return f"the process that read it was ended by {name}{often}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        return f"the process that read it ended with status {status}: {last.strip()}"

    def end(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()
