"""GauFuse in the training loop: its schedule, its refreshes, over stops."""

import json
import signal
from pathlib import Path

import jax
import numpy as np
import pytest
import toy_gaufuse

from jaxseg.training.interrupts import Stopped
from jaxseg.training.refreshes import Refreshes

VALUES = {"seeds": 2, "checkpoint.watch_every": 1, "checkpoint.every": 9}
CONFIG = toy_gaufuse.make_config(VALUES)
DATA = toy_gaufuse.make_data()
COLUMNS = len(toy_gaufuse.CLASSES) + 1
STEPS = range(toy_gaufuse.NUM_STEPS)
slow = pytest.mark.slow
pytestmark = pytest.mark.usefixtures("quick_compile")


@pytest.fixture(scope="module")
def finished(quickly, tmp_path_factory):
    """(state in NumPy, workdir, targets by step, videos by step) of two seeds."""
    workdir, targets, videos = tmp_path_factory.mktemp("run"), {}, {}
    given = Refreshes.targets

    def record(own, step, batch):
        targets[step], videos[step] = given(own, step, batch), batch["video"]
        return targets[step]

    with quickly(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Refreshes, "targets", record)
        _, state = toy_gaufuse.train(CONFIG, workdir)
    return state, workdir, targets, videos


def metrics(workdir: Path) -> dict[str, np.ndarray]:
    """name -> [steps, members], without the time they took."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return {
        name: np.array([line[name] for line in lines]) for name in lines[0] if name != "seconds"
    }


def read_labels(workdir: Path, number: int) -> list[list[np.ndarray]]:
    """P_r by member and video, [T, G + 1], from the file that a resumed run reads."""
    with np.load(workdir / f"pseudo_labels/{number}.all.npz") as file:
        arrays = dict(file)
    members = []
    for member in ("seed0", "seed1"):
        counts, columns, values = (arrays[f"{member}/{n}"] for n in ("counts", "columns", "values"))
        own = []
        for video, count in zip(DATA.train, counts, strict=True):
            dense, size = np.zeros((video.num_snippets, COLUMNS)), video.num_snippets * count
            dense[:, columns[:count]] = values[:size].reshape(-1, count)
            columns, values = columns[count:], values[size:]
            own.append(dense)
        members.append(own)
        assert not len(values) and not len(columns)
    return members


def test_files_of_every_refresh(finished):
    _, workdir, *_ = finished
    names = sorted(path.name for path in (workdir / "pseudo_labels").iterdir())
    assert names == sorted(f"{r}{kind}.npz" for r in range(6) for kind in ("", ".all"))
    for number, step in enumerate(toy_gaufuse.REFRESHED):
        labels = read_labels(workdir, number)
        with np.load(workdir / f"pseudo_labels/{number}.npz") as drawn:
            assert drawn["epoch"] == step / 2 and drawn["shown"].tolist() == ["a", "d", "h"]
            for index, video in enumerate(DATA.train):
                if video.name in "adh":
                    prefix = f"seed0/{video.name}"
                    np.testing.assert_array_equal(drawn[f"{prefix}/labels"], labels[0][index])
                    instances = [drawn[f"{prefix}/{n}"] for n in ("start", "end", "score", "label")]
                    assert len({len(array) for array in instances}) == 1
                    assert np.all(instances[0] < instances[1])
                    assert np.all(instances[1] <= video.num_snippets)
                    found = np.flatnonzero(labels[0][index].any(axis=0))
                    assert set(found) <= set(instances[3].tolist())


def test_labels_are_probabilities_that_move_and_each_member_has_its_own(finished):
    _, workdir, *_ = finished
    refreshes = [read_labels(workdir, number) for number in range(6)]
    flat = np.array([[np.concatenate(own).ravel() for own in members] for members in refreshes])
    assert flat.min() >= 0 and flat.max() <= 1 and np.all(flat.any(axis=-1))
    assert np.all(np.abs(np.diff(flat, axis=0)).max(axis=-1) > 1e-3)  # from refresh to refresh
    assert np.all(np.abs(np.diff(flat, axis=1)).max(axis=-1) > 1e-3)  # from member to member


@pytest.mark.parametrize("step", STEPS)
def test_targets(finished, step):
    """None to epoch 200 of the schedule, P_r to 250, then what changed: here 8, 10 and 12."""
    _, workdir, targets, videos = finished
    epoch = step // 2
    newest = sum(at <= step for at in toy_gaufuse.REFRESHED) - 1
    if epoch <= 8:
        assert not targets[step].any()
        return
    newer, older = (read_labels(workdir, max(0, number)) for number in (newest, newest - 1))
    for (member, slot), index in np.ndenumerate(videos[step]):
        new, old = newer[member][index], older[member][index]
        expected = new if epoch <= 10 else (2 if epoch <= 12 else 2.15) * (new - old)
        found, padding = np.split(targets[step][member, slot], [len(new)])
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert not padding.any()


def test_metrics(finished):
    """The weight grows and ends, the loss of what nobody asks is 0, classes are learned."""
    found = metrics(finished[1])
    assert np.isfinite(list(found.values())[1:]).all() and len(found["loss"]) == len(STEPS)
    epochs = np.arange(len(STEPS)) // 2 * 25
    expected = np.where(epochs > 200, np.minimum(10 * 1.035 ** (epochs - 200), 50), 0)
    expected = np.stack([expected, expected], axis=1)
    # 1.035 in float32, to the power of up to 200.
    np.testing.assert_allclose(found["pseudo_weight"], expected, rtol=1e-5, atol=1e-6)
    assert not found["pseudo_loss"][:18].any() and found["pseudo_loss"][18:].all()
    own = found["agnostic_loss"]
    assert (own[-6:].mean(axis=0) < 0.75 * own[:4].mean(axis=0)).all()


@pytest.mark.parametrize("step", [16, *(pytest.param(step, marks=slow) for step in (15, 17, 23))])
def test_stopped_and_resumed_equals_undisturbed(finished, tmp_path, step):
    """At the first refresh, before it and after it: memory, labels and all."""
    expected, workdir, *_ = finished

    def interrupt(done, state):
        if done == step:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped, match=f"saved at step {step} of 28"):
        toy_gaufuse.train(CONFIG, tmp_path, watch=interrupt)
    _, state = toy_gaufuse.train(CONFIG, tmp_path)
    jax.tree.map(np.testing.assert_array_equal, state, expected)
    jax.tree.map(np.testing.assert_array_equal, metrics(tmp_path), metrics(workdir))
    for number in range(6):
        own, other = (read_labels(folder, number) for folder in (tmp_path, workdir))
        jax.tree.map(np.testing.assert_array_equal, own, other)


@slow
def test_without_refreshes_the_backbone_learns_alone(finished, tmp_path):
    """And the same as any run does before the first one."""
    config = toy_gaufuse.make_config(VALUES | {"pseudo.refresh_at": ()})
    toy_gaufuse.train(config, tmp_path)
    found, expected = metrics(tmp_path), metrics(finished[1])
    assert not (tmp_path / "pseudo_labels").exists() and not found["pseudo_loss"].any()
    for name in ("loss", "agnostic_loss", "distillation_loss"):
        np.testing.assert_allclose(found[name][:16], expected[name][:16], rtol=1e-4, atol=1e-4)
        assert np.isfinite(found[name]).all()
