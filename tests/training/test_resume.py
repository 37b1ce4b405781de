"""A run that is stopped and goes on ends in the same bits as one that runs through."""

import json
import signal

import jax
import numpy as np
import pytest
import toy

from jaxseg.runfiles.metrics import MetricsWriter
from jaxseg.training.interrupts import Interrupts, Stopped

CONFIG = toy.make_config({"seeds": 2})  # six steps


def metrics(workdir) -> list[dict]:
    """The lines of metrics.jsonl without the time they took."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


@pytest.fixture
def stop_at(monkeypatch):
    """stop_at(step, signal): the signal arrives while that step is logged."""
    write = MetricsWriter.write

    def arrange(step: int, number: int):
        def write_and_interrupt(self, at, *values):
            write(self, at, *values)
            if at == step:
                signal.raise_signal(number)

        monkeypatch.setattr(MetricsWriter, "write", write_and_interrupt)
        return monkeypatch.undo

    return arrange


@pytest.mark.parametrize(
    ("step", "number"),
    [
        pytest.param(0, signal.SIGINT, marks=pytest.mark.slow),
        (3, signal.SIGTERM),
        pytest.param(5, signal.SIGINT, marks=pytest.mark.slow),
    ],
    ids=["first", "middle", "last"],
)
def test_stopped_and_resumed_equals_undisturbed(
    train_toy, toy_run, stop_at, tmp_path, step, number
):
    undo = stop_at(step, number)
    with pytest.raises(Stopped, match=f"saved at step {step + 1} of 6") as stopped:
        train_toy(CONFIG, workdir=tmp_path)
    assert stopped.value.exit_code == 128 + number
    undo()
    _, state, _ = train_toy(CONFIG, workdir=tmp_path)
    _, expected, workdir = toy_run
    jax.tree.map(np.testing.assert_array_equal, state, expected)
    assert metrics(tmp_path) == metrics(workdir)
    assert [line["step"] for line in metrics(workdir)] == list(range(6))


def test_lines_beyond_the_checkpoint_are_written_anew(train_toy, toy_run, stop_at, tmp_path):
    """As after a kill: metrics are ahead of the newest checkpoint, the last line is half."""
    undo = stop_at(2, signal.SIGINT)
    with pytest.raises(Stopped):
        train_toy(CONFIG, workdir=tmp_path)
    undo()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "seconds": 9.0, "loss": [0, 0, 0, 0]}\n{"step": 4, "sec')
    train_toy(CONFIG, workdir=tmp_path)
    assert metrics(tmp_path) == metrics(toy_run[2])


def test_seconds_go_on_counting(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0, "seconds": 70.5, "loss": [1.0]}\n')
    writer = MetricsWriter(tmp_path, start=1)
    writer.write(1, {"loss": np.ones(1)}, np.array([True]))
    writer.close()
    assert json.loads(path.read_text().splitlines()[1])["seconds"] >= 70.5


def test_finished_members_and_numbers_that_are_none_are_null(tmp_path):
    writer = MetricsWriter(tmp_path, start=0)
    writer.write(0, {"loss": np.array([1.5, 2.5, np.nan])}, np.array([True, False, True]))
    writer.close()
    assert metrics(tmp_path) == [{"step": 0, "loss": [1.5, None, None]}]


def test_soup_is_null_once_it_has_finished(toy_run):
    losses = [line["loss"] for line in metrics(toy_run[2])]
    assert [[value is None for value in line] for line in losses] == [
        [False, False, step >= 3, step >= 3] for step in range(6)
    ]


@pytest.fixture
def ctrl_c_interrupts():
    """As at a terminal; a background job of a shell is started with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_interrupts")
def test_a_second_signal_acts_at_once():
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.received == signal.SIGINT
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_loss_falls(train_toy):
    _, _, workdir = train_toy(
        toy.make_config({"seeds": 2, "num_epochs": 40, "optimizer.learning_rate": 0.01})
    )
    losses = np.array([line["loss"][0] for line in metrics(workdir)])
    assert len(losses) == 80 and losses[-8:].mean() < 0.9 * losses[:8].mean()


def test_no_epochs_leave_the_start(train_toy):
    _, state, workdir = train_toy(toy.make_config({"seeds": 2, "num_epochs": 0}))
    assert int(state.step) == 0 and metrics(workdir) == []
    assert (workdir / "checkpoints/0").is_dir()
