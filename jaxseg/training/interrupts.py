"""Ctrl-C and SIGTERM: acted on at once before training, asked for between two steps in it."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
RETRY_SECONDS = 0.05


class Interrupts:
    """While entered, the first signal is remembered in `received`; a second one acts at once."""

    def __enter__(self):
        self.received: int | None = None
        self._previous = {}
        for number in SIGNALS:
            try:
                self._previous[number] = signal.signal(number, self._remember)
            except ValueError:  # not the main thread: signals are somebody else's business
                break
        return self

    def _remember(self, number, frame):
        self.received = number
        signal.signal(number, self._previous[number])

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)


class Stopped(Exception):
    """Training was asked to stop and has saved its state; carries the signal's number."""

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.exit_code = 128 + number


@contextlib.contextmanager
def ctrl_c_is_never_lost() -> Iterator[None]:
    """Delivers Ctrl-C again where Python has swallowed it.

    KeyboardInterrupt is raised wherever the main thread is. If that is in a garbage collector's
    callback, as JAX has one, or in a `__del__` method, Python prints "Exception ignored" and goes
    on; the user's Ctrl-C would be lost, and the run would go on.
    """
    previous = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            previous(unraisable)
            return
        # From another thread and a little later: sent from here, it would be raised in this hook.
        main = threading.main_thread().ident
        threading.Timer(RETRY_SECONDS, signal.pthread_kill, (main, signal.SIGINT)).start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = previous
