"""How a process learns that it is one of several; a single one talks to nobody."""

import commands
import jax
import numpy as np
import pytest

from jaxseg import processes
from jaxseg.prediction.intervals import join_detections
from jaxseg.proposals import Detections

ADDRESS = "10.0.0.7:1234"
ALL = {
    "JAX_COORDINATOR_ADDRESS": ADDRESS,
    "JAX_NUM_PROCESSES": "4",
    "JAX_PROCESS_ID": "3",
}
ENGINES = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE", "JAXSEG_DISTRIBUTED")
NO_ENGINE = {"cluster_detection_method": "deactivate"}
JOINED = {"coordinator_address": ADDRESS, "num_processes": 4, "process_id": 3} | NO_ENGINE


@pytest.fixture
def joined(monkeypatch):
    """What the groups that were joined were called with; the environment tells nothing yet."""
    for name in (*ALL, *ENGINES):
        monkeypatch.delenv(name, raising=False)
    calls = []
    monkeypatch.setattr(processes, "_initialize", lambda **where: calls.append(where))
    return calls


def set_all(monkeypatch, values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_alone_by_default(joined):
    processes.start(None, None, None)
    assert joined == []


def test_flags_tell_all(joined):
    processes.start(ADDRESS, 4, 3)
    assert joined == [JOINED]


def test_the_environment_tells_all(joined, monkeypatch):
    set_all(monkeypatch, ALL)
    processes.start(None, None, None)
    assert joined == [JOINED]


def test_flags_come_before_the_environment_and_that_before_an_engine(joined, monkeypatch):
    set_all(monkeypatch, ALL | {"SLURM_STEP_NUM_TASKS": "9"})
    processes.start("there:1", 2, 0)
    processes.start(None, None, None)
    assert joined == [
        {"coordinator_address": "there:1", "num_processes": 2, "process_id": 0} | NO_ENGINE,
        JOINED,
    ]


@pytest.mark.parametrize(
    ("name", "value", "several"),
    [
        ("SLURM_STEP_NUM_TASKS", "2", True),
        ("SLURM_STEP_NUM_TASKS", "1", False),
        ("SLURM_STEP_NUM_TASKS", "", False),
        ("OMPI_COMM_WORLD_SIZE", "16", True),
        ("OMPI_COMM_WORLD_SIZE", "many", False),
        ("JAXSEG_DISTRIBUTED", "1", True),
        ("JAXSEG_DISTRIBUTED", "0", False),
    ],
)
def test_an_engine_tells_that_there_are_several(joined, monkeypatch, name, value, several):
    """Who and where, jax finds out by itself."""
    monkeypatch.setenv(name, value)
    processes.start(None, None, None)
    assert joined == [{}] * several


def test_a_group_of_one_is_joined_by_nobody(joined):
    processes.start(ADDRESS, 1, 0)
    assert joined == []


MISTAKES = [
    ((ADDRESS, None, None), "need all of coordinator, num_processes, process_id; no num_processes"),
    ((ADDRESS, 2, None), "no process_id"),
    ((None, 2, 1), "no coordinator"),
    ((None, None, 0), "no coordinator"),
    ((ADDRESS, 2, 2), "process_id = 2 is none of 2 processes, counted from 0"),
    ((ADDRESS, 2, -1), "process_id = -1 is none of 2 processes"),
    ((ADDRESS, 0, 0), "process_id = 0 is none of 0 processes"),
    (("localhost", 2, 0), "coordinator = 'localhost' is no host:port"),
    (("", 2, 0), "coordinator = '' is no host:port"),
]


@pytest.mark.parametrize(("given", "words"), MISTAKES)
def test_flags_that_do_not_fit_are_one_line(joined, given, words):
    with pytest.raises(ValueError) as error:
        processes.start(*given)
    assert words in str(error.value) and "\n" not in str(error.value) and joined == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"JAX_PROCESS_ID": None}, "no JAX_PROCESS_ID"),
        ({"JAX_COORDINATOR_ADDRESS": None}, "no JAX_COORDINATOR_ADDRESS"),
        ({"JAX_NUM_PROCESSES": None}, "no JAX_NUM_PROCESSES"),
        ({"JAX_NUM_PROCESSES": "two"}, f"{ADDRESS}, two, 3: no numbers"),
        ({"JAX_PROCESS_ID": ""}, "no numbers"),
        ({"JAX_PROCESS_ID": "4"}, "JAX_PROCESS_ID = 4 is none of 4 processes"),
        ({"JAX_COORDINATOR_ADDRESS": "host"}, "JAX_COORDINATOR_ADDRESS = 'host' is no host:port"),
    ],
)
def test_an_environment_that_does_not_fit_is_one_line(joined, monkeypatch, changed, words):
    set_all(monkeypatch, {n: v for n, v in (ALL | changed).items() if v is not None})
    with pytest.raises(ValueError) as error:
        processes.start(None, None, None)
    assert words in str(error.value) and "\n" not in str(error.value) and joined == []


@pytest.mark.parametrize("kind", [RuntimeError, ValueError])
def test_a_group_that_cannot_be_joined_is_one_line(monkeypatch, kind):
    def refuse(**where):
        raise kind("no such host\nand forty lines more")

    monkeypatch.setattr(processes.jax.distributed, "initialize", refuse)
    with pytest.raises(ValueError, match=r"^cannot join the other processes of this run: no such"):
        processes.start(ADDRESS, 4, 3)


def test_the_command_says_it_too(joined, tmp_path):
    words = commands.arguments(tmp_path, tmp_path / "run")
    line = commands.run(*words, "--num_processes=2", "--process_id=1").complaint
    assert line == (
        "error: several processes need all of coordinator, num_processes, process_id; "
        "no coordinator"
    )


def test_one_process_has_everything_and_waits_for_nobody():
    assert processes.count() == 1 and processes.is_first()
    assert processes.everyone(True) and not processes.everyone(False)
    assert processes.share("abc") == [(0, "a"), (1, "b"), (2, "c")]
    made = []
    processes.first_alone(lambda: made.append(1), "alone")
    assert made == [1]
    arrays = {"a": np.arange(3), "b": np.zeros((0, 2), bool)}
    exchanged = processes.exchange(arrays)
    assert exchanged.keys() == arrays.keys() and all(exchanged[n] is arrays[n] for n in arrays)


def test_one_process_agrees_with_itself_at_once():
    agree = processes.Agreement()
    assert [agree(number) for number in (0, 15, 0)] == [0, 15, 0] and agree.settled() == 0


def caused_by(cause: Exception) -> Exception:
    error = OSError("cannot write")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "count", "lost"),
    [
        (jax.errors.JaxRuntimeError("UNAVAILABLE: Gloo: connection closed by peer"), 2, True),
        (jax.errors.JaxRuntimeError("UNAVAILABLE: Gloo: connection closed by peer"), 1, False),
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory"), 2, False),
        (ValueError("UNKNOWN: Gloo AllGather failed: connection closed by peer"), 2, True),
        (ValueError("UNKNOWN: Gloo AllGather failed: connection closed by peer"), 1, False),
        (caused_by(jax.errors.JaxRuntimeError("UNAVAILABLE: connection closed by peer")), 2, True),
        (caused_by(ValueError("config.seeds is no number")), 2, False),
        (ValueError("config.seeds is no number"), 2, False),
        (RuntimeError("generator raised StopIteration"), 2, False),
    ],
)
def test_which_errors_mean_that_another_process_is_gone(monkeypatch, error, count, lost):
    monkeypatch.setattr(processes, "count", lambda: count)
    assert processes.is_loss(error) is lost


@pytest.mark.parametrize(
    ("status", "count", "at_once"), [(2, 2, True), (2, 1, False), (0, 2, False)]
)
def test_who_has_made_a_mistake_waits_for_nobody(monkeypatch, status, count, at_once):
    left = []
    monkeypatch.setattr(processes, "joined", lambda: count > 1)
    monkeypatch.setattr(processes.os, "_exit", left.append)
    assert processes.leave(status) == status and left == [status] * at_once


def test_the_only_processes_detections_are_all():
    one = Detections(np.array([1]), *np.ones((3, 1)))
    assert join_detections({1: [one, one], 0: [one]}, 2, 1) == [[one], [one, one]]


def test_a_defect_shows_where_it_is(monkeypatch, capsys):
    """It ends its own process at once with 1; the loss of another one asks for a new start."""
    monkeypatch.setattr(processes, "count", lambda: 2)
    assert processes.explain(TypeError("no such thing")) == 1
    assert "TypeError: no such thing" in capsys.readouterr().err
    lost = jax.errors.JaxRuntimeError("UNKNOWN: Gloo\nConnection closed by peer")
    assert processes.explain(lost) == 143
    (line,) = capsys.readouterr().err.splitlines()
    assert "another process of this run is gone" in line and "closed by peer" in line
