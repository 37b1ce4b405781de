"""The processes of a run: they find each other, take turns, agree, and join their results.

A single process is the special case in which all of this does nothing.
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

from jaxseg.command_line import show

T = TypeVar("T")
JAX_NAMES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
LONGEST_WAIT = 24 * 60 * 60  # seconds for which those that are done wait for the report
RETRY = 128 + signal.SIGTERM  # what launchers start again on
FLAGS = ("coordinator", "num_processes", "process_id")
# How many processes SLURM and Open MPI say that they have started.
ENGINE_COUNTS = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE")
STATUSES_OF_A_DEFECT = ("RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "UNIMPLEMENTED")
STATUSES_OF_A_LOSS = ("UNKNOWN: ", "INTERNAL: ", "UNAVAILABLE: ", "ABORTED: ", "CANCELLED: ")
STATUSES_OF_A_LOSS += ("DEADLINE_EXCEEDED: ", "FAILED_PRECONDITION: ")


def start(coordinator: str | None, num_processes: int | None, process_id: int | None) -> None:
    """Joins the other processes of this run, if there are any; comes before any computation.

    Arguments come first, then JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID, then
    what SLURM, Open MPI or, with JAXSEG_DISTRIBUTED=1, a TPU pod says.

    Args:
        coordinator: "host:port" of process 0; all three or none of them.

    Raises:
        ValueError: only some of the three are given, they are no numbers or do not fit each
            other, or an engine says nothing. (Where nobody answers at the address, JAX itself
            ends the process, after five minutes, with status 134.)
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
    (address_name, address), (_, total), (id_name, index) = given.items()
    try:
        total, index = int(total), int(index)
    except ValueError:
        raise ValueError(f"{', '.join(given)}: {address}, {total}, {index}: no numbers") from None
    if not 0 <= index < total:
        raise ValueError(f"{id_name} = {index} is none of {total} processes, counted from 0")
    if ":" not in address:
        raise ValueError(f"{address_name} = {address!r} is no host:port")
    if total > 1:
        _initialize(
            coordinator_address=address,
            num_processes=total,
            process_id=index,
            cluster_detection_method="deactivate",  # no engine is asked
        )


def _engine_count() -> int:
    counts = [os.environ.get(name, "1") for name in ENGINE_COUNTS]
    return max(int(count) if count.isdecimal() else 1 for count in counts)


def _initialize(**options: str | int) -> None:
    # JAX's own handler would swallow SIGTERM, which stops a training and saves it.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(**options, shutdown_timeout_seconds=LONGEST_WAIT)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"cannot join the other processes of this run: {reason}") from None


def joined() -> bool:
    """Whether `start` has joined other processes; asks nothing of the devices."""
    return jax.distributed.is_initialized()


def count() -> int:
    """Number of processes of this run."""
    return jax.process_count()


def is_first() -> bool:
    """Whether this is the process that writes logs, reports and other single files."""
    return jax.process_index() == 0


def print_once(text: str) -> None:
    """Prints a line that all processes have, by the first of them."""
    if is_first():
        show(text)


def barrier(name: str) -> None:
    """Waits until all processes have come to this call."""
    if count() > 1:
        multihost_utils.sync_global_devices(name)


def first_alone(function: Callable[[], None], name: str) -> None:
    """Calls a function in the first process; the others wait until it is done."""
    if is_first():
        function()
    barrier(name)


def share(items: Sequence[T]) -> list[tuple[int, T]]:
    """This process's share of a work list with indices: every n-th, so that shares are alike."""
    indices = range(jax.process_index(), len(items), count())
    return [(index, items[index]) for index in indices]


def require_same(text: str, what: str) -> None:
    """Raises ValueError where another process of this run has another text."""
    if count() > 1:
        checksum = np.array(zlib.crc32(text.encode()), np.uint32)
        if (multihost_utils.process_allgather(checksum) != checksum).any():
            raise ValueError(f"the processes of this run have different {what}")


def exchange(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of all processes, whose names all differ, on every process.

    Raises:
        ValueError: one process has more than 2 GiB.
    """
    if count() == 1:
        return dict(arrays)
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    content = np.frombuffer(packed.getvalue(), np.uint8)
    if content.size >= 2**31:
        raise ValueError(f"{content.size} bytes are too many for processes to exchange at once")
    sizes = multihost_utils.process_allgather(np.array(content.size)).reshape(-1)
    # Gathered arrays have to be equally long.
    padded = np.zeros(sizes.max(), np.uint8)
    padded[: content.size] = content
    everything = multihost_utils.process_allgather(padded)
    merged = {}
    for content, size in zip(everything, sizes, strict=True):
        with np.load(io.BytesIO(content[:size].tobytes())) as part:
            merged |= {name: part[name] for name in part.files}
    return merged


def everyone(condition: bool) -> bool:
    """Whether the condition holds in all processes, which wait for each other."""
    if count() == 1:
        return condition
    return bool(multihost_utils.process_allgather(np.array(condition)).all())


class Agreement:
    """Largest number of all processes, told between two steps without waiting for each other.

    A call returns the largest number that any process gave at the call before, the same on all
    of them: one process that is asked to stop makes all stop behind the same step. A single
    process gets its own number at once.
    """

    def __init__(self):
        self._pending: jax.Array | None = None

    def __call__(self, number: int) -> int:
        if count() == 1:
            return number
        previous, self._pending = self._pending, _largest(number)
        return _value(previous)

    def settled(self) -> int:
        """The largest number of the last call; then there is none."""
        previous, self._pending = self._pending, None
        return _value(previous)


def _value(largest: jax.Array | None) -> int:
    return 0 if largest is None else int(largest.addressable_data(0))


def _largest(number: int) -> jax.Array:
    over_all, maximum = _maximum()
    local = np.full(1, number, np.int32)
    numbers = jax.make_array_from_callback((jax.device_count(),), over_all, lambda index: local)
    return maximum(numbers)


@functools.cache
def _maximum() -> tuple[NamedSharding, Callable[[jax.Array], jax.Array]]:
    """The sharding of one number a device, and the compiled maximum of them."""
    mesh = jax.make_mesh((jax.device_count(),), ("device",), axis_types=(AxisType.Auto,))
    everywhere = NamedSharding(mesh, PartitionSpec())
    maximum = jax.jit(lambda numbers: numbers.max(), out_shardings=everywhere)
    return NamedSharding(mesh, PartitionSpec("device")), maximum


def is_loss(error: BaseException) -> bool:
    """Whether an error, or one that led to it, means that another process of this run is gone.

    XLA's failures come as JaxRuntimeError, but some as a ValueError with the same text, which
    starts with the name of a status.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and is_loss(cause):
        return True
    if isinstance(error, jax.errors.JaxRuntimeError):
        may_be = not str(error).startswith(STATUSES_OF_A_DEFECT)
    else:
        may_be = isinstance(error, ValueError) and str(error).startswith(STATUSES_OF_A_LOSS)
    return may_be and count() > 1  # asked last: it would start the devices


def explain(error: Exception) -> int:
    """Prints what ended one of several processes, and returns its exit status."""
    if not is_loss(error):
        traceback.print_exception(error)
        return 1
    reason = " ".join(str(error).split())[:200]
    print(
        f"error: another process of this run is gone; start all again ({reason})", file=sys.stderr
    )
    return RETRY


def leave(status: int, *, at_once: bool = False) -> int:
    """Returns the exit status, or ends one of several processes at once after an error.

    The usual end of a process waits for the others, which may wait for this one; and it crashes
    where JAX is in the middle of compiling, which Ctrl-C does not stop (`at_once`).
    """
    if at_once or (status and joined()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status
