"""The files of pseudo-labels: what is read, and what is refused in one line."""

import json

import gaufuse_runs
import numpy as np
import pytest
from localization_runs import DIVE, THROW

from jaxseg.report.localization.workdir import read_localization


def refused(workdir) -> str:
    with pytest.raises(ValueError) as error:
        read_localization(workdir)
    message = str(error.value)
    assert "\n" not in message and str(workdir / "pseudo_labels") in message
    return message


def change_dataset(workdir, change) -> None:
    path = workdir / "dataset.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_is_read(make_gaufuse):
    run = read_localization(make_gaufuse())
    assert [each.epoch for each in run.refreshes] == list(gaufuse_runs.EPOCHS)
    for number, each in enumerate(run.refreshes):
        assert list(each.videos) == ["c"]
        np.testing.assert_array_equal(each.videos["c"].labels, gaufuse_runs.labels(number)[:, :3])
    first = run.refreshes[0].videos["c"]
    np.testing.assert_array_equal(first.borders, 2.0 * np.arange(10))
    # In seconds, and without what is fused of the background.
    assert first.instances == ((DIVE, 0.0, 12.0, 0.8), (THROW, 12.0, 18.0, 0.4))
    assert "pseudo_labels/" in run.files


def test_a_run_without_the_folder(make_localization):
    run = read_localization(make_localization())
    assert run.refreshes == () and "pseudo_labels/" not in run.files


def test_ten_refreshes_are_in_the_order_of_their_numbers(make_gaufuse):
    workdir = make_gaufuse()
    for number in range(12):
        arrays = gaufuse_runs.refresh(0) | {"epoch": np.array(number)}
        np.savez(workdir / f"pseudo_labels/{number}.npz", **arrays)
    assert [each.epoch for each in read_localization(workdir).refreshes] == list(range(12))


def test_snippets_of_a_video_that_knows_its_duration_alone(make_gaufuse):
    workdir = make_gaufuse()

    def forget(content):
        content["seconds_per_snippet"] = None
        content["videos"][-1]["seconds"] = 4.5

    change_dataset(workdir, forget)
    borders = read_localization(workdir).refreshes[0].videos["c"].borders
    np.testing.assert_allclose(borders, 0.5 * np.arange(10), rtol=1e-15)


@pytest.mark.parametrize("field", ["seconds_per_snippet", "snippets"])
def test_snippets_of_unknown_length(make_gaufuse, field):
    workdir = make_gaufuse()

    def forget(content):
        (content if field in content else content["videos"][-1])[field] = None

    change_dataset(workdir, forget)
    assert "video 'c' has no snippets of known length" in refused(workdir)


def test_a_missing_refresh(make_gaufuse):
    workdir = make_gaufuse()
    (workdir / "pseudo_labels/1.npz").unlink()
    assert "there is 2.npz, but no 1.npz" in refused(workdir)


def test_refreshes_of_other_videos(make_gaufuse):
    workdir = make_gaufuse()
    change_dataset(
        workdir,
        lambda it: it["videos"].append({"name": "e", "subset": "train", "snippets": 9}),
    )
    np.savez(workdir / "pseudo_labels/2.npz", **gaufuse_runs.refresh(2, video="e"))
    message = refused(workdir)
    assert "2.npz: shown are e, in 0.npz c" in message


def test_a_file_that_is_none(make_gaufuse):
    workdir = make_gaufuse()
    (workdir / "pseudo_labels/0.npz").write_text("PK")
    assert "0.npz: not a file of pseudo-labels" in refused(workdir)


@pytest.mark.parametrize("name", ["epoch", "shown", "seed0/c/labels", "seed0/c/end"])
def test_a_missing_array(make_gaufuse, name):
    workdir = make_gaufuse()
    arrays = gaufuse_runs.refresh(1)
    del arrays[name]
    np.savez(workdir / "pseudo_labels/1.npz", **arrays)
    assert f"no {name!r} in it" in refused(workdir)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("epoch", np.array([1.0, 2.0]), "epoch has shape (2,), not ()"),
        ("epoch", np.array(np.nan), "epoch has nan in it"),
        ("shown", np.array(["z"]), "video 'z' is not in dataset.json"),
        ("seed0/c/labels", np.zeros((9, 3)), "labels has shape (9, 3), not (9, 4)"),
        ("seed0/c/labels", np.zeros((8, 4)), "labels has shape (8, 4), not (9, 4)"),
        ("seed0/c/labels", np.full((9, 4), np.inf), "labels has inf in it"),
        ("seed0/c/label", np.array([0, 4]), "seed0/c/label has 4 in it, of 4 classes"),
        ("seed0/c/label", np.array([0, -1]), "seed0/c/label has -1 in it"),
        ("seed0/c/end", np.array([0.5, 9]), "seed0/c/end has 0.5 in it, before its start 1"),
        ("seed0/c/score", np.array([0.5]), "seed0/c/score has shape (1,), not (2,)"),
    ],
)
def test_a_broken_array(make_gaufuse, name, array, message):
    workdir = make_gaufuse()
    np.savez(workdir / "pseudo_labels/1.npz", **gaufuse_runs.refresh(1) | {name: array})
    assert message in refused(workdir) and "1.npz" in refused(workdir)
