"""The whole way from tables and containers to labels, and new sequences as other kinds of files."""

import h5py
import numpy as np
import pandas
import pytest
import scipy.io
import toy
from commands import arguments
from commands import run as command
from matlab_files import save_v73

from jaxseg import Segmenter
from jaxseg.prediction.__main__ import main
from jaxseg.prediction.new_data import Trained
from jaxseg.report.drawing.page import run_source
from jaxseg.runfiles.about import read_dataset

FPS = 10.0
VIDEOS = [video for video in toy.make_data().videos if video.activity == "salad"]
COLUMNS = [f"c{k}" for k in range(toy.CHANNELS)]


def table(array, columns=COLUMNS):
    frame = pandas.DataFrame(array[:, [COLUMNS.index(name) for name in columns]], columns=columns)
    frame.insert(0, "time", np.arange(len(array)) / FPS)
    return frame


def save(path, array):
    clock = 1000 * np.arange(len(array)) / FPS
    if path.suffix == ".parquet":
        table(array).to_parquet(path)
    elif path.suffix == ".csv":
        table(array).to_csv(path, index=False, sep=";", decimal=",")
    elif path.suffix == ".tsv":
        table(array).assign(who="me").to_csv(path, index=False, sep="\t")
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["walk/features"], file["walk/timestamps_ms"] = array, clock
    elif path.suffix == ".npz":
        np.savez(path, features=array, timestamps_ms=clock)
    elif path.parent.name == "new":
        save_v73(path, X=array, fs=FPS)
    else:
        scipy.io.savemat(path, {"X": array, "fs": FPS})


def folder(path, suffixes):
    path.mkdir()
    for video, suffix in zip(VIDEOS, suffixes, strict=True):
        save(path / f"{video.name}{suffix}", video.features.astype(np.float64))
    return path


@pytest.fixture(scope="module")
def run(quickly, tmp_path_factory):
    """A run on a folder with a file of each kind."""
    root = folder(tmp_path_factory.mktemp("data") / "mine", [".parquet", ".h5", ".mat"])
    workdir = tmp_path_factory.mktemp("runs") / "run"
    with quickly():
        done = command(*arguments(root, workdir, seeds=1, num_epochs=1, duration=2))
    assert done.status == 0, done.err
    assert "note: times are from column 'time'" in done.out
    return workdir


def test_rate_and_names_are_kept(run):
    data = read_dataset(run)
    assert data.fps == FPS and data.channels == toy.CHANNELS
    assert [video.frames for video in data.videos] == [video.num_frames for video in VIDEOS]
    assert data.channel_names == ()  # a container has none
    assert [note.split(" (")[0] for note in data.notes] == [
        "times are from column 'time'",
        "times are from 'walk/timestamps_ms'",
        "rows a second are from 'fs'",
    ]
    assert "times are from column" in (run / "report.html").read_text()


@pytest.mark.parametrize("suffixes", [(".csv",) * 3, (".tsv", ".npz", ".mat")])
def test_new_sequences_of_other_kinds(run, tmp_path, suffixes, quick_compile):
    new, out = folder(tmp_path / "new", suffixes), tmp_path / "out"
    assert main([str(run), str(new), f"--out={out}"]) == 0
    for video in VIDEOS:
        expected = (run / "predictions/mine/seed0" / f"{video.name}.txt").read_text().split()
        labels = (out / f"{video.name}.txt").read_text().split()
        assert np.mean([a == b for a, b in zip(labels, expected, strict=True)]) > 0.95
    found = Segmenter.load(run).predict(new)
    assert {name: [*map(str, each)] for name, each in found.items()} == {
        video.name: (out / f"{video.name}.txt").read_text().split() for video in VIDEOS
    }


def test_columns_of_new_tables_are_those_of_the_run_by_name(run, tmp_path):
    """In whatever order they stand; a run on tables remembers their names."""
    trained = Trained(run)
    trained.data = trained.data._replace(channel_names=tuple(COLUMNS))
    assert run_source(run, trained.data).notes[-1] == "6 channels: c0, c1, c2, c3, c4, c5"
    new = tmp_path / "new"
    new.mkdir()
    table(VIDEOS[0].features, COLUMNS[::-1]).to_csv(new / "a.csv")
    (video,) = trained.read_folder(new, progress=False).videos
    np.testing.assert_allclose(video.features, VIDEOS[0].features, rtol=1e-6)
    table(VIDEOS[0].features, COLUMNS).rename(columns={"c1": "d"}).to_csv(new / "a.csv")
    with pytest.raises(ValueError, match=r"trained on channels c0, c1.*: c1 lack, d are new"):
        trained.read_folder(new, progress=False)
