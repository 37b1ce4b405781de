"""Ctrl-C where Python itself would lose it."""

import gc
import signal
import sys
import threading

import pytest

from jaxseg.training.interrupts import ctrl_c_is_never_lost

GUARD = 300  # seconds after which the test gives up; the signal is there within a tenth of one


class Interrupted:
    """An object that gets Ctrl-C while it is taken down, where exceptions are swallowed."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


def in_a_collector_callback() -> None:
    def callback(phase, info):
        gc.callbacks.remove(callback)
        signal.raise_signal(signal.SIGINT)

    gc.callbacks.append(callback)
    gc.collect()


@pytest.fixture
def python_handler():
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("python_handler")
@pytest.mark.parametrize("swallow", [Interrupted, in_a_collector_callback])
def test_ctrl_c_is_delivered_again(swallow):
    with pytest.raises(KeyboardInterrupt), ctrl_c_is_never_lost():
        swallow()
        threading.Event().wait(GUARD)


def test_other_errors_go_where_they_went(monkeypatch):
    caught = []
    monkeypatch.setattr(sys, "unraisablehook", caught.append)

    class Broken:
        def __del__(self):
            raise ValueError("broken")

    with ctrl_c_is_never_lost():
        Broken()
    (unraisable,) = caught
    assert unraisable.exc_type is ValueError and sys.unraisablehook == caught.append
