"""Ctrl-C and SIGTERM as a question that the loop asks between two steps."""

import signal


class Interrupts:
    """While entered, the first signal is remembered in `received`; a second one acts at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __enter__(self):
        self.received: int | None = None
        self._previous = {}
        for number in self.SIGNALS:
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
