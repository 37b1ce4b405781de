"""Real processes that are one run, all on this machine, each with CPU devices of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent
SECONDS = 300  # until a group that waits for itself is ended


class Result(NamedTuple):
    """What one process of a group left."""

    status: int
    out: str
    err: str


@contextlib.contextmanager
def started(
    words: Sequence[object], *, processes: int = 1, devices: int = 1
) -> Iterator[list[subprocess.Popen]]:
    """`python WORDS...` so many times; none of them outlives the block.

    Args:
        words: the same for all; where they are several, the environment tells who is who.
        devices: of each process.
    """
    shared = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "JAX_NUM_CPU_DEVICES": str(devices),
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]),
    }
    if processes > 1:
        shared |= {
            "JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{_free_port()}",
            "JAX_NUM_PROCESSES": str(processes),
        }
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_process(words, shared, own)) for own in range(processes)]


@contextlib.contextmanager
def _process(words, shared: dict[str, str], own: int) -> Iterator[subprocess.Popen]:
    several = "JAX_NUM_PROCESSES" in shared
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=shared | ({"JAX_PROCESS_ID": str(own)} if several else {}),
        cwd=TESTS.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def finish(group: Sequence[subprocess.Popen]) -> list[Result]:
    """Waits for all of them; ends those that wait for each other."""
    deadline = time.monotonic() + SECONDS
    results = []
    for process in group:
        try:
            told = process.communicate(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            told = process.communicate()
        results.append(Result(process.returncode, *told))
    return results


def run(words: Sequence[object], *, processes: int = 1, devices: int = 1) -> list[Result]:
    """Starts a group and waits until all of it has come to a good end."""
    with started(words, processes=processes, devices=devices) as group:
        results = finish(group)
    assert all(result.status == 0 for result in results), results
    return results
