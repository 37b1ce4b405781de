"""The processes of a run: how they find each other, take turns, agree, and join what each made.

One process is the special case in which all of this does nothing.
"""

import functools
import io
import os
import signal
import sys
import traceback
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import AxisType, NamedSharding, PartitionSpec

T = TypeVar("T")
JAX_NAMES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
LONGEST_WAIT = 24 * 60 * 60  # seconds for which those that are done wait for the report
RETRY = 128 + signal.SIGTERM  # what launchers start again on
FLAGS = ("coordinator", "num_processes", "process_id")
# How many processes SLURM and Open MPI say that they have started.
ENGINE_COUNTS = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE")


def start(coordinator: str | None, num_processes: int | None, process_id: int | None) -> None:
    """Joins the other processes of this run, if there are any; comes before any computation.

    Explicit values come first, then JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and
    JAX_PROCESS_ID, then what SLURM, Open MPI or, with JAXSEG_DISTRIBUTED=1, a TPU pod tell.

    Args:
        coordinator: "host:port" of process 0; all three or none of them.

    Raises:
        ValueError: only some of the three, numbers that are none or do not fit each other, an
            engine that tells nothing. (Where nobody answers at the address JAX itself ends the
            process, after five minutes, with status 134.)
    """
    given = dict(zip(FLAGS, (coordinator, num_processes, process_id), strict=True))
    if all(value is None for value in given.values()):
        given = {name: os.environ.get(name) for name in JAX_NAMES}
    if any(value is not None for value in given.values()):
        _join(given)
    elif os.environ.get("JAXSEG_DISTRIBUTED", "0") != "0" or _engine_count() > 1:
        _initialize()


def _join(given: Mapping[str, str | int | None]) -> None:
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise ValueError(f"several processes need all of {', '.join(given)}; no {missing[0]}")
    (_, address), (_, total), (name, own) = given.items()
    try:
        total, own = int(total), int(own)
    except ValueError:
        raise ValueError(f"{', '.join(given)}: {address}, {total}, {own}: no numbers") from None
    if not 0 <= own < total:
        raise ValueError(f"{name} = {own} is none of {total} processes, counted from 0")
    if ":" not in address:
        raise ValueError(f"{next(iter(given))} = {address!r} is no host:port")
    if total > 1:
        where = {"coordinator_address": address, "num_processes": total, "process_id": own}
        _initialize(**where, cluster_detection_method="deactivate")  # no engine is asked


def _engine_count() -> int:
    counts = [os.environ.get(name, "1") for name in ENGINE_COUNTS]
    return max(int(count) if count.isdecimal() else 1 for count in counts)


def _initialize(**where) -> None:
    # JAX's own handler would swallow SIGTERM, which is ours to hear.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(**where, shutdown_timeout_seconds=LONGEST_WAIT)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"cannot join the other processes of this run: {reason}") from None


def joined() -> bool:
    """Whether `start` has joined other processes; asks nothing of the devices."""
    return jax.distributed.is_initialized()


def count() -> int:
    """How many processes this run has."""
    return jax.process_count()


def is_first() -> bool:
    """Whether this process writes what is written once: logs, reports, small files."""
    return jax.process_index() == 0


def print_once(text: str) -> None:
    """Prints a line that all processes have, by the first of them."""
    if is_first():
        print(text, flush=True)


def barrier(name: str) -> None:
    """Returns when all processes have come here."""
    if count() > 1:
        multihost_utils.sync_global_devices(name)


def first_alone(function: Callable[[], None], name: str) -> None:
    """The first process does it; the others wait until it is done."""
    if is_first():
        function()
    barrier(name)


def share(items: Sequence[T]) -> list[tuple[int, T]]:
    """This process's share of a work list, with places: every n-th, so that shares are alike."""
    own = range(jax.process_index(), len(items), count())
    return [(index, items[index]) for index in own]


def require_same(text: str, what: str) -> None:
    """Raises ValueError where another process of this run has another text."""
    if count() > 1:
        own = np.array(zlib.crc32(text.encode()), np.uint32)
        if (multihost_utils.process_allgather(own) != own).any():
            raise ValueError(f"the processes of this run have different {what}")


def exchange(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every process's arrays, which have names of their own, on all processes.

    Raises:
        ValueError: more than 2 GiB of one process.
    """
    if count() == 1:
        return dict(arrays)
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    own = np.frombuffer(packed.getvalue(), np.uint8)
    if own.size >= 2**31:
        raise ValueError(f"{own.size} bytes are too many for processes to exchange at once")
    sizes = multihost_utils.process_allgather(np.array(own.size)).reshape(-1)
    padded = np.zeros(sizes.max(), np.uint8)
    padded[: own.size] = own
    everything = multihost_utils.process_allgather(padded)
    merged = {}
    for content, size in zip(everything, sizes, strict=True):
        with np.load(io.BytesIO(content[:size].tobytes())) as part:
            merged |= {name: part[name] for name in part.files}
    return merged


def everyone(condition: bool) -> bool:
    """Whether all processes say so; they wait for each other."""
    if count() == 1:
        return condition
    return bool(multihost_utils.process_allgather(np.array(condition)).all())


class Agreement:
    """What the processes tell each other between two steps, without waiting for each other.

    A call returns the largest number that any process gave at the call before, the same on all
    of them: one process that is asked to stop makes all stop behind the same step. A process that
    is alone gets its own number at once.
    """

    def __init__(self):
        self._pending: jax.Array | None = None

    def __call__(self, number: int) -> int:
        if count() == 1:
            return number
        found, self._pending = self._pending, _largest(number)
        return _value(found)

    def settled(self) -> int:
        """What the last call was told, after which there is none."""
        found, self._pending = self._pending, None
        return _value(found)


def _value(found: jax.Array | None) -> int:
    return 0 if found is None else int(found.addressable_data(0))


def _largest(number: int) -> jax.Array:
    over_all, maximum = _maximum()
    own = np.full(1, number, np.int32)
    said = jax.make_array_from_callback((jax.device_count(),), over_all, lambda index: own)
    return maximum(said)


@functools.cache
def _maximum():
    mesh = jax.make_mesh((jax.device_count(),), ("device",), axis_types=(AxisType.Auto,))
    everywhere = NamedSharding(mesh, PartitionSpec())
    maximum = jax.jit(lambda said: said.max(), out_shardings=everywhere)
    return NamedSharding(mesh, PartitionSpec("device")), maximum


def is_loss(error: RuntimeError) -> bool:
    """Whether an error of XLA's means that another process of this run is gone."""
    own_faults = ("RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "UNIMPLEMENTED")
    is_jax = isinstance(error, jax.errors.JaxRuntimeError)
    return is_jax and count() > 1 and not str(error).startswith(own_faults)


def explain(error: Exception) -> int:
    """Says what ended a process of several, and gives its exit status."""
    if isinstance(error, RuntimeError) and is_loss(error):
        reason = " ".join(str(error).split())[:200]
        print(
            f"error: another process of this run is gone; start all again ({reason})",
            file=sys.stderr,
        )
        return RETRY
    traceback.print_exception(error)
    return 1


def leave(status: int, *, at_once: bool = False) -> int:
    """The exit status; after a mistake the process goes at once.

    The usual end of a process waits for the others, who may wait for this one; and it crashes
    where JAX is in the middle of compiling, which Ctrl-C does not stop (`at_once`).
    """
    if at_once or (status and joined()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status
