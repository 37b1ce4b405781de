"""Files of rows that are whole or not there, and the processes that write them."""

import os
import signal
import time

import numpy as np
import pytest

from jaxseg.features import pool
from jaxseg.features.rows import RowFile, remove_leftovers, shape_of


@pytest.mark.parametrize("count", [0, 1, 12345])
def test_rows_are_a_npy_file(tmp_path, count):
    path = tmp_path / "tea" / "a.npy"
    with RowFile(path, 2) as rows:
        for k in range(count):
            rows.append(np.array([k, -k], np.float64))
    array = np.load(path)
    assert array.dtype == np.float32 and array.shape == shape_of(path) == (count, 2)
    assert (array[:, 0] == np.arange(count)).all() and os.listdir(path.parent) == ["a.npy"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (np.zeros(3), r"row 1 has shape \(3,\), not \(2,\)"),
        (np.zeros((1, 2)), r"row 1 has shape \(1, 2\)"),
        (np.array([0, np.nan]), "row 1 has an infinite value or a NaN"),
        (np.array([0, 1e300]), "row 1 has an infinite value or a NaN"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_a_wrong_row_leaves_the_file_before(tmp_path, row, words):
    path = tmp_path / "a.npy"
    with RowFile(path, 2) as rows:
        rows.append(np.ones(2))
    with pytest.raises(ValueError, match=words), RowFile(path, 2) as rows:
        rows.append(np.zeros(2))
        rows.append(row)
    assert np.load(path).tolist() == [[1, 1]] and os.listdir(tmp_path) == ["a.npy"]


def test_a_full_disk_is_not_filled_further(tmp_path):
    (tmp_path / f".a.npy.part{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"), RowFile(tmp_path / "a.npy", 2) as rows:
        rows.append(np.ones(2))
    assert not os.listdir(tmp_path)


def test_what_is_no_file_of_rows(tmp_path):
    path = tmp_path / "a.npy"
    assert shape_of(path) is None
    np.save(path, np.zeros((3, 2), np.float32))
    path.write_bytes(path.read_bytes()[:-1])
    assert shape_of(path) is None
    np.save(path, np.zeros((3, 2)))
    assert shape_of(path) is None
    (tmp_path / "tea").mkdir()
    (tmp_path / "tea" / ".b.npy.part77").touch()
    (tmp_path / ".a.npy.part").touch()
    remove_leftovers(tmp_path)
    assert shape_of(path) is None and sorted(os.listdir(tmp_path)) == ["a.npy", "tea"]
    assert not os.listdir(tmp_path / "tea")


def work(task, tell):
    """What the task says."""
    tell(task)
    if task == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if task == "leave":
        raise SystemExit("no room\nleft")
    if task == "wrong":
        raise ValueError("two\nlines")
    if task == "defect":
        raise ZeroDivisionError("by 0")
    if task == "memory":
        raise MemoryError
    return os.environ["OMP_NUM_THREADS"], task.upper()


def test_whatever_happens_to_a_process_costs_one_task():
    names = ("a", "die", "b", "leave", "wrong", "c", "defect", "memory", "d")
    with pool.Pool(2) as processes:
        events = list(processes.run(work, {name: name for name in names}))
        assert [
            event for event in events if event[1] == pool.PROGRESS and event[0] != event[2]
        ] == []
        ends = {name: (event, value) for name, event, value in events if event != pool.PROGRESS}
        again = list(processes.run(work, {"e": "e"}))
    assert len(events) == 2 * len(names) and ends.keys() == set(names)
    assert all(ends[name] == (pool.DONE, ("1", name.upper())) for name in "abcd")
    assert ends["die"] == (pool.FAILED, "the process that read it was ended by SIGSEGV")
    assert ends["leave"][1] == "the process that read it ended with status 1: left"
    assert ends["wrong"][1] == "two lines" and ends["memory"][1] == "out of memory"
    assert ends["defect"][1] == "ZeroDivisionError: by 0"
    assert again == [("e", pool.PROGRESS, "e"), ("e", pool.DONE, ("1", "E"))]


def endless(task, tell):
    tell(os.getpid())
    time.sleep(60)


def test_processes_end_with_the_pool():
    with pool.Pool(2) as processes:
        events = processes.run(endless, {"a": 0, "b": 1})
        found = [next(events)[2], next(events)[2]]
    for process in found:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
