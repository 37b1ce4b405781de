"""A process that does one task after another: `python -m jaxseg.features.worker DESCRIPTOR`."""

import contextlib
import pickle
import signal
import sys
from multiprocessing.connection import Connection

from jaxseg.features.pool import DONE, FAILED, PROGRESS


def main(descriptor: int) -> None:
    """Serves until the other end of the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(descriptor)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            function = pickle.loads(connection.recv_bytes())
            task = pickle.loads(connection.recv_bytes())
            connection.send(outcome(function, task, connection))


def outcome(function, task, connection: Connection) -> tuple[str, object]:
    """(DONE, result), or (FAILED, reason): a broken video is no reason to stop."""
    try:
        return DONE, function(task, lambda value: connection.send((PROGRESS, value)))
    except (ValueError, OSError) as error:
        return FAILED, " ".join(str(error).split())
    except MemoryError:
        return FAILED, "out of memory"
    except Exception as error:
        return FAILED, " ".join(f"{type(error).__name__}: {error}".split())


if __name__ == "__main__":
    main(int(sys.argv[1]))
