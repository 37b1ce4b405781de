"""Worker processes: one that dies or hangs costs its own task and nothing else."""

import os
import signal
import subprocess
import sys
import time

import pytest

from jaxseg.features import pool

pytest.importorskip("pebble")


def work(task, tell):
    """Does what the task's name says."""
    tell(task)
    if task == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if task == "leave":
        os._exit(3)
    if task == "exit":
        raise SystemExit("no space\nleft")
    if task == "hang":
        time.sleep(60)
    if task == "wrong":
        raise ValueError("two\nlines")
    if task == "defect":
        raise ZeroDivisionError("by 0")
    if task == "memory":
        raise MemoryError
    print("a library's chatter")
    return os.environ["OMP_NUM_THREADS"], "jax" in sys.modules, os.getpid()


def test_whatever_happens_to_a_process_costs_one_task(monkeypatch, capfd):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    names = ("a", "die", "b", "leave", "wrong", "c", "exit", "defect", "memory", "d")
    with pool.Pool(2) as processes:
        events = list(processes.run(work, {name: name for name in names}))
        again = list(processes.run(work, {"e": "e"}))
    told = [event for event in events if event.kind == pool.PROGRESS]
    assert sorted(event.key for event in told) == sorted(names)
    assert all(event.key == event.value for event in told)
    ends = {event.key: event[1:] for event in events if event.kind != pool.PROGRESS}
    assert len(events) == 2 * len(names) and ends.keys() == set(names)
    for name in "abcd":  # on one thread, and without the time and memory that JAX takes
        assert ends[name] == (pool.DONE, ("1", False, ends[name][1][2]))
    assert {name: value for name, (kind, value) in ends.items() if kind == pool.FAILED} == {
        "die": "the process that read it was ended by SIGSEGV",
        "leave": "the process that read it ended with status 3",
        "wrong": "two lines",
        "exit": "SystemExit: no space left",
        "defect": "ZeroDivisionError: by 0",
        "memory": "out of memory",
    }
    assert [event.kind for event in again] == [pool.PROGRESS, pool.DONE]
    assert "OMP_NUM_THREADS" not in os.environ and capfd.readouterr() == ("", "")


def test_a_task_that_hangs_is_given_up():
    with pool.Pool(1, patience=1.0) as processes:
        events = list(processes.run(work, {"hang": "hang", "a": "a"}))
    ends = [event for event in events if event.kind != pool.PROGRESS]
    assert ends[0] == ("hang", pool.FAILED, "no progress for 0.0166667 minutes; given up")
    assert ends[1][:2] == ("a", pool.DONE)


def test_idle_processes_that_were_killed_are_replaced():
    with pool.Pool(1) as processes:
        *_, (_, _, (*_, process)) = processes.run(work, {"a": "a"})
        os.kill(process, signal.SIGKILL)
        time.sleep(0.5)
        *_, (_, kind, (*_, other)) = processes.run(work, {"b": "b"})
    assert kind == pool.DONE and other != process


def endless(task, tell):
    tell(os.getpid())
    time.sleep(60)


def test_processes_end_with_the_pool():
    with pool.Pool(2) as processes:
        events = processes.run(endless, {"a": 0, "b": 1})
        identifiers = [next(events).value, next(events).value]
    for process in identifiers:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_script_without_a_guard_is_told_so(tmp_path):
    """Its worker processes would run all of it again."""
    script = tmp_path / "script.py"
    script.write_text(
        "from jaxseg.features.pool import Pool\n"
        "with Pool(1) as processes:\n"
        "    list(processes.run(print, {'a': 'a'}))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    result = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1 and "needs if __name__ ==" in result.stderr.splitlines()[-1]
