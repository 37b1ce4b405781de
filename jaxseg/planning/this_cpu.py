"""This machine's own peaks, measured in about a second: there is no page to cite them from."""

import os
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxseg.planning.chips import MICROSECOND, TRANSCENDENTAL, Chip

_REPEATS = 5


def this_cpu() -> Chip:
    """This machine as a device; that several are joined by 10 Gb/s Ethernet is assumed."""
    product = _product()
    return Chip(
        "this CPU",
        matmul=product,
        exact_matmul=product,
        vector=_exponentials() * TRANSCENDENTAL,
        bandwidth=_copies(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        link=10e9 / 8,
        linked=1,
        network=10e9 / 8,
        start=_start(),
        latency=100 * MICROSECOND,
    )


def _seconds(function: Callable, *arguments) -> float:
    """The shortest of a few runs, compiled before."""
    device = jax.devices("cpu")[0]
    arguments = jax.device_put(arguments, device)
    compiled = jax.jit(function).lower(*arguments).compile()
    times = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _product(n: int = 1024) -> float:
    """FLOP a second of a matrix product."""
    matrix = np.ones((n, n), np.float32)
    return 2 * n**3 / _seconds(jnp.matmul, matrix, matrix)


def _copies(size: int = 1 << 24, rounds: int = 8) -> float:
    """Bytes a second, read and written, of an array that no cache holds, again and again in place:

    a new one each time would measure how fast the system hands out memory.
    """

    def loop(array):
        return jax.lax.fori_loop(0, rounds, lambda _, each: each + 1, array)

    return rounds * 8 * size / _seconds(loop, np.ones(size, np.float32))


def _exponentials(size: int = 1 << 20) -> float:
    """Exponentials a second."""
    return size / _seconds(jnp.exp, np.ones(size, np.float32))


def _start(rounds: int = 1000) -> float:
    """Seconds that an operation takes which has next to nothing to do.

    A round of the loop is three of them: the negation, the count, and the question whether to go
    on. The array is as small as it may be: a loop over a few numbers is compiled into one piece.
    """

    def loop(array):
        return jax.lax.fori_loop(0, rounds, lambda _, each: -each, array)

    return _seconds(loop, np.ones(1 << 11, np.float32)) / rounds / 3
