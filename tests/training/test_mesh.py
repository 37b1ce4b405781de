"""Any mesh of any number of processes trains what one device trains, and predicts the same.

What holds bit by bit: a mesh whose rows have one device or two, over any number of processes,
since a sum of two numbers has one order. Longer rows sum in an order that depends on who shares
them, and one device has its members in one product and not in several; there, losses agree to
1e-6 and labels are equal.
"""

import functools
import json
from pathlib import Path

import groups
import mesh_runs
import numpy as np
import pytest

slow = pytest.mark.slow
METHODS = ("asot", "tot", "case")
NUM_DEVICES = 8
# What is written of a loss has six digits behind the point.
LOSSES = {"rtol": 1e-6, "atol": 1.1e-6}


@pytest.fixture(scope="module")
def trained(quickly, tmp_path_factory):
    """trained(name, meshes, processes) -> a folder with a run for each mesh; made once.

    The eight devices are divided among the processes; "1x1" is the one device of these tests.
    """

    @functools.cache
    def train(name: str, meshes: tuple[str, ...], processes: int = 1) -> Path:
        folder = tmp_path_factory.mktemp("runs")
        if meshes == ("1x1",):
            with quickly():
                mesh_runs.main(name, str(folder), *meshes)
        else:
            words = ["tests/mesh_runs.py", name, folder, *meshes]
            groups.run(words, processes=processes, devices=NUM_DEVICES // processes)
        return folder

    return train


def metrics(workdir: Path) -> dict[str, np.ndarray]:
    """name -> [steps] or [steps, members], NaN for a member that is done."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return {n: np.array([line[n] for line in lines], float) for n in lines[0] if n != "seconds"}


def parameters(folder: Path, mesh: str) -> dict[str, np.ndarray]:
    with np.load(folder / f"{mesh}.npz") as arrays:
        return dict(arrays)


def predictions(workdir: Path) -> dict[str, str]:
    files = sorted(path for path in (workdir / "predictions").rglob("*") if path.is_file())
    return {str(file.relative_to(workdir)): file.read_text() for file in files}


def assert_same_predictions(found: dict[str, str], expected: dict[str, str]) -> None:
    """Labels are equal; so are detections, but for the rounding of their scores and ends."""
    assert found.keys() == expected.keys() and found
    for name, text in found.items():
        if name.endswith(".txt"):
            assert text == expected[name], name
            continue
        there, here = (json.loads(each)["results"] for each in (text, expected[name]))
        assert there.keys() == here.keys() and any(there.values())
        for video, entries in there.items():
            (labels, numbers), (own, own_numbers) = map(columns, (entries, here[video]))
            assert labels == own, (name, video)
            np.testing.assert_allclose(numbers, own_numbers, rtol=1e-5, atol=1e-5)


def columns(entries: list[dict]) -> tuple[list[str], np.ndarray]:
    """Labels and [score, start, end] of detections, in an order that no rounding changes."""
    rows = [(each["label"], *each["segment"], each["score"]) for each in entries]
    rows.sort(key=lambda row: (row[0], round(row[1], 2), round(row[2], 2)))
    return [row[0] for row in rows], np.array([row[1:] for row in rows])


def assert_same(folder: Path, mesh: str, alone: Path) -> None:
    """A run on a mesh against that on one device."""
    there, here = metrics(folder / mesh), metrics(alone / "1x1")
    np.testing.assert_array_equal(there["step"], here["step"], err_msg=mesh)
    np.testing.assert_allclose(there["loss"], here["loss"], **LOSSES, err_msg=mesh)
    assert_same_predictions(predictions(folder / mesh), predictions(alone / "1x1"))


@pytest.mark.parametrize(
    ("name", "meshes", "processes"),
    [
        ("asot", ("4x2",), 1),
        ("case", ("1x8",), 1),
        *(
            pytest.param(name, mesh_runs.ALL, processes, marks=slow)
            for name in METHODS
            for processes in (1, 2, 4)
        ),
        pytest.param("gaufuse", ("1x8", "4x2", "8x1"), 1, marks=slow),
    ],
)
def test_eight_devices_train_what_one_trains(trained, name, meshes, processes):
    alone = trained(name, ("1x1",))
    folder = trained(name, meshes, processes)
    for mesh in meshes:
        assert_same(folder, mesh, alone)


@slow
@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("name", METHODS)
def test_rows_of_one_device_or_two_end_in_the_same_bits(trained, name, processes):
    one, several = (trained(name, mesh_runs.ALL, count) for count in (1, processes))
    for mesh in ("4x2", "8x1"):
        expected, found = (parameters(folder, mesh) for folder in (one, several))
        assert found.keys() == expected.keys()
        for leaf, values in expected.items():
            np.testing.assert_array_equal(found[leaf], values, err_msg=f"{mesh}, leaf {leaf}")
        expected, found = (metrics(folder / mesh) for folder in (one, several))
        np.testing.assert_equal(found, expected)
        assert predictions(several / mesh) == predictions(one / mesh)


@slow
@pytest.mark.parametrize("name", ["three members", "five members"])
def test_members_that_do_not_fill_the_rows(trained, name):
    """One or three places are idle; what is in them is nobody's result."""
    alone, single = trained(name, ("1x1",)), trained("one member", ("1x1",))
    meshes = ("2x4", "4x2")
    folder = trained(name, meshes)
    seeds = {f"seed{index}" for index in range(mesh_runs.CONFIGS[name].seeds)}
    for mesh in meshes:
        assert_same(folder, mesh, alone)
        losses = metrics(folder / mesh)["loss"]
        assert losses.shape[1] == len(seeds)
        np.testing.assert_allclose(losses[:, :1], metrics(single / "1x1")["loss"], **LOSSES)
        assert {path.name for path in (folder / mesh / "predictions/salad").iterdir()} == seeds


@slow
def test_refreshes_in_two_processes(trained):
    """GauFuse: every process labels its share of the videos, and all of them learn from all."""
    one, two = trained("gaufuse", ("1x8", "4x2", "8x1")), trained("gaufuse", ("4x2", "8x1"), 2)
    for mesh in ("4x2", "8x1"):
        labels = sorted(path.name for path in (one / mesh / "pseudo_labels").iterdir())
        assert labels == sorted(f"{r}{kind}.npz" for r in range(6) for kind in ("", ".all"))
        for name in labels:
            expected, found = (
                dict(np.load(folder / mesh / "pseudo_labels" / name)) for folder in (one, two)
            )
            np.testing.assert_equal(found, expected)
        np.testing.assert_equal(parameters(two, mesh), parameters(one, mesh))
        np.testing.assert_equal(metrics(two / mesh), metrics(one / mesh))
        assert predictions(two / mesh) == predictions(one / mesh)
