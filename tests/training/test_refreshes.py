"""Pseudo-labels that a method asks for: any method, at its steps, as it mixes them, over stops."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import toy_gaufuse
from toy_refreshes import (
    CONFIG,
    DATA,
    NUM_STEPS,
    STEPS,
    WIDTH,
    first_state,
    mix,
    set_up,
)

from jaxseg.methods.method import Labels
from jaxseg.runfiles import checks
from jaxseg.training import loop
from jaxseg.training import setup as run_setup
from jaxseg.training.interrupts import Stopped
from jaxseg.training.refreshes import Refreshes

ROOTS = [str(Path(toy_gaufuse.__file__).parent), str(Path(toy_gaufuse.__file__).parents[1])]
TRAIN = """
import pathlib, sys, jax
jax.config.update("jax_disable_most_optimizations", True)
assert jax.device_count() == 8
import toy_gaufuse, toy_refreshes
from jaxseg.training import loop
names = ("seeds", "mesh.member", "mesh.data")
shape = dict(zip(names, map(int, sys.argv[1:4])))
config = toy_gaufuse.make_config(toy_refreshes.VALUES | shape)
setup = toy_refreshes.set_up(config)
loop.train(config, setup, pathlib.Path(sys.argv[4]), progress=False)
"""
pytestmark = pytest.mark.usefixtures("quick_compile")


class Run:
    """One training: the states before its steps, their batches' targets, and what it ended in."""

    def __init__(self, workdir, *, stop_at: int | None = None, **changes):
        self.workdir, self.before, self.given = workdir, {}, {}
        before, targets = Refreshes.before, Refreshes.targets

        def watch_before(own, step, state):
            self.before[step] = jax.tree.map(np.array, state)
            return before(own, step, state)

        def watch_targets(own, step, batch):
            self.given[step] = batch["video"], targets(own, step, batch)
            return self.given[step][1]

        def watch(done, state):
            if done == stop_at:
                signal.raise_signal(signal.SIGINT)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Refreshes, "before", watch_before)
            patch.setattr(Refreshes, "targets", watch_targets)
            setup = set_up(**changes)
            state = loop.train(CONFIG, setup, workdir, progress=False, watch=watch)
        self.state = jax.tree.map(np.asarray, state)

    def expected_labels(self, number: int, member: int, video) -> np.ndarray:
        """By the network as it was before the refresh."""
        labels = np.zeros((video.num_snippets, WIDTH))
        level = self.before[STEPS[number]].params["level"][member]
        labels[:, number] = video.rgb.sum(-1) + video.flow.sum(-1) + level
        return labels


@pytest.fixture(scope="module")
def run(quickly, tmp_path_factory):
    with quickly():
        return Run(tmp_path_factory.mktemp("run"))


def metrics(workdir) -> list[dict]:
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def arrays(workdir) -> dict[str, dict[str, np.ndarray]]:
    found = {}
    for path in sorted((workdir / "pseudo_labels").iterdir()):
        with np.load(path, allow_pickle=False) as file:
            found[path.name] = dict(file)
    return found


def assert_same(run, other):
    jax.tree.map(np.testing.assert_array_equal, run.state, other.state)
    assert metrics(run.workdir) == metrics(other.workdir)
    jax.tree.map(np.testing.assert_array_equal, arrays(run.workdir), arrays(other.workdir))


@pytest.mark.parametrize("step", range(NUM_STEPS))
def test_targets_are_the_newest_labels_and_those_before_as_they_are_mixed(run, step):
    newest = max(number for number, at in enumerate(STEPS) if at <= step)
    videos, targets = run.given[step]
    assert targets.dtype == np.float32 and targets.shape[-1] == WIDTH
    assert np.any(targets) == (step >= 2)
    for (member, slot), index in np.ndenumerate(videos):
        video, expected = DATA.train[index], 0
        for number, weight in zip((newest, newest - 1), mix(step // 2), strict=True):
            if number >= 0:
                expected = expected + weight * run.expected_labels(number, member, video)
        found, padding = np.split(targets[member, slot], [video.num_snippets])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        assert not padding.any()


def test_targets_reach_the_loss_and_the_carried_state_is_reset(run):
    for step, row in enumerate(metrics(run.workdir)):
        expected = run.given[step][1].sum(axis=(1, 2)) @ np.arange(1, WIDTH + 1)
        np.testing.assert_allclose(row["asked"], expected, rtol=1e-4, atol=1e-3)
        since = step - max(at for at in STEPS if at <= step) - 10
        assert row["since"] == [since, since]


def test_members_have_their_own_labels(run):
    level = run.before[STEPS[1]].params["level"]
    assert abs(level[0] - level[1]) > 1e-3
    found = arrays(run.workdir)["1.all.npz"]
    difference = found["seed0/values"] - found["seed1/values"]
    np.testing.assert_allclose(difference, level[0] - level[1], atol=1e-5)


def test_files_for_the_report(run):
    """Three videos of the first seed, evenly through them all."""
    found = arrays(run.workdir)
    assert list(found) == ["0.all.npz", "0.npz", "1.all.npz", "1.npz", "2.all.npz", "2.npz"]
    for number, step in enumerate(STEPS):
        drawn = found[f"{number}.npz"]
        assert drawn["epoch"] == step / 2 and drawn["shown"].tolist() == ["a", "d", "h"]
        names = {f"seed0/{video}/{name}" for video in "adh" for name in ("labels", "level")}
        assert drawn.keys() == names | {"epoch", "shown"}
        video = next(video for video in DATA.train if video.name == "d")
        labels = drawn["seed0/d/labels"]
        assert labels.dtype == np.float32
        expected = run.expected_labels(number, 0, video)
        np.testing.assert_allclose(labels, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("step", [2, 3, 4, 6, 7, 8])
def test_stopped_and_resumed_equals_undisturbed(run, tmp_path, step):
    """Right before a refresh, at it, after it and between two."""
    with pytest.raises(Stopped, match=f"saved at step {step} of {NUM_STEPS}"):
        Run(tmp_path, stop_at=step)
    assert_same(Run(tmp_path), run)


def test_a_refresh_without_a_checkpoint_after_it_is_made_again(run, tmp_path):
    """As after a kill: files of a refresh are there, the newest checkpoint is before it."""
    with pytest.raises(Stopped):
        Run(tmp_path, stop_at=7)
    for name in ("2.all.npz", "2.npz"):
        (tmp_path / "pseudo_labels" / name).write_bytes(b"half a fi")
    assert_same(Run(tmp_path), run)


@pytest.mark.parametrize("damage", ["missing", "truncated", "empty", "of other videos"])
def test_a_file_that_steps_were_trained_with_and_that_is_no_more(run, tmp_path, damage):
    with pytest.raises(Stopped):
        Run(tmp_path, stop_at=8)
    file = tmp_path / "pseudo_labels/1.all.npz"
    content = file.read_bytes()
    file.unlink()
    if damage == "of other videos":
        empty = {"counts": [1], "columns": [0], "values": np.zeros(3)}
        np.savez(
            file, **{f"seed{k}/{name}": array for k in (0, 1) for name, array in empty.items()}
        )
    elif damage != "missing":
        file.write_bytes(content[: {"truncated": len(content) - 40, "empty": 0}[damage]])
    with pytest.raises(
        ValueError, match=r"pseudo_labels/1\.all\.npz is (missing|damaged)"
    ) as error:
        Run(tmp_path)
    assert "\n" not in str(error.value) and f"remove {tmp_path} to train anew" in str(error.value)


def test_labels_that_are_no_longer_needed_may_be_missing(run, tmp_path):
    with pytest.raises(Stopped):
        Run(tmp_path, stop_at=8)
    (tmp_path / "pseudo_labels/0.all.npz").unlink()
    found = Run(tmp_path)
    jax.tree.map(np.testing.assert_array_equal, found.state, run.state)


def test_a_finished_run_needs_no_labels(tmp_path):
    Run(tmp_path)
    for file in (tmp_path / "pseudo_labels").glob("*.all.npz"):
        file.unlink()
    assert Run(tmp_path).before == {}


def test_an_older_trainings_labels_do_not_stay(tmp_path):
    """The checkpoints were removed: what is not made yet is not there to be shown."""
    Run(tmp_path)
    shutil.rmtree(tmp_path / "checkpoints")
    with pytest.raises(Stopped):
        Run(tmp_path, stop_at=STEPS[1])
    assert sorted(arrays(tmp_path)) == ["0.all.npz", "0.npz"]


def test_a_label_that_cannot_be_made_names_refresh_video_and_member(tmp_path):
    setup = set_up()
    state = first_state(setup)
    params = {"level": jnp.array([1.0, -1.0])}
    asked = Refreshes(CONFIG, setup, tmp_path, progress=False)
    with pytest.raises(ValueError) as error:
        asked.before(3, state._replace(params=params))
    expected = "refresh 1, video 'a', seed1: level must not be negative, got -1.0"
    assert str(error.value) == expected
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    setup = set_up()
    asked = Refreshes(CONFIG, setup, tmp_path, progress=False)
    monkeypatch.setattr(checks.np, "savez", full)
    with pytest.raises(OSError, match=r"cannot write .*/0\.all\.npz: No space left on device$"):
        asked.before(0, first_state(setup))
    assert not list((tmp_path / "pseudo_labels").iterdir())


def test_labels_of_a_few_columns_or_none_are_read_as_they_were_made(tmp_path):
    """Two refreshes before one step; signs, zeros, and videos that nothing was found in."""

    def sparse(outputs, number, config):
        labels = np.zeros((len(outputs["said"]), WIDTH), np.float32)
        if len(labels) > 40:
            labels[3:9, 4], labels[5, number] = -0.5, 0.25
        return Labels(labels, {})

    setup = set_up(label=sparse, epochs=(1.1, 1.4), reset=None)
    made = Refreshes(CONFIG, setup, tmp_path, progress=False)
    assert made.steps == [3, 3]
    state = first_state(setup)
    after = made.before(3, state)
    jax.tree.map(np.testing.assert_array_equal, after, state)
    read = Refreshes(CONFIG, setup, tmp_path, progress=False)
    read.restore(4)
    found = [made.targets(step, setup.batches.batch(step)) for step in range(2, 8)]
    assert np.unique(found[2]).tolist() == [-0.75, -0.125, 0, 0.5]
    for step, targets in zip(range(2, 8), found, strict=True):
        np.testing.assert_array_equal(read.targets(step, setup.batches.batch(step)), targets)


@pytest.mark.parametrize("shape", [(3, 4, 2), pytest.param((2, 2, 4), marks=pytest.mark.slow)])
def test_eight_devices_give_what_one_gives(run, tmp_path, shape):
    """A third member and an idle one, or none; what is reset is where the step expects it."""
    environment = os.environ | {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(ROOTS),
    }
    command = [sys.executable, "-c", TRAIN, *map(str, shape), str(tmp_path)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for here, there in zip(metrics(run.workdir), metrics(tmp_path), strict=True):
        for name, values in here.items():
            found = there[name] if name == "step" else there[name][:2]
            np.testing.assert_allclose(found, values, rtol=1e-5, atol=1e-4)
    there = arrays(tmp_path)
    for name, own in arrays(run.workdir).items():
        for key in ("seed0/values", "seed1/values") if "all" in name else ():
            np.testing.assert_allclose(there[name][key], own[key], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("num_epochs", "steps"),
    [(14, toy_gaufuse.REFRESHED), (49, (56, 65, 69, 73, 77, 84)), (7, (8, 10, 10, 11, 11, 12))],
)
def test_refreshes_of_a_scaled_schedule_come_where_it_says(tmp_path, num_epochs, steps):
    config = toy_gaufuse.make_config({"num_epochs": num_epochs})
    asked = Refreshes(config, run_setup.set_up(config, DATA), tmp_path, progress=False)
    assert tuple(asked.steps) == steps
