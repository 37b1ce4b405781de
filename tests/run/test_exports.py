"""Segments for other programs, from whole runs on a folder and of the Segmenter."""

import itertools
import shutil

import commands
import numpy as np
import pytest
import toy
from exported import read_audacity, read_boris, read_nwb, read_vtt

from jaxseg import Segmenter
from jaxseg.formats.annotations import exports

VIDEOS = toy.make_data().videos


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.write_files(tmp_path_factory.mktemp("data") / "mine")


@pytest.fixture(scope="module")
def run(root, quickly, tmp_path_factory):
    """A finished run of two activities and two seeds."""
    workdir = tmp_path_factory.mktemp("runs") / "run"
    given = {"data__fps": 5, "predict__segments": "csv,vtt,boris,audacity,frames"}
    with quickly():
        done = commands.run(*commands.arguments(root, workdir, **given))
    assert done.status == 0, done.err
    return workdir


def labels_of(run, video, seed):
    return np.loadtxt(run / f"predictions/{video.activity}/seed{seed}/{video.name}.txt", int)


def in_words(labels, fps, names=()):
    """Segments of labels, in seconds."""
    words = [dict(names).get(each, f"cluster {each}") for each in labels.tolist()]
    borders = [k for k in range(1, len(words)) if words[k] != words[k - 1]]
    edges = [0, *borders, len(words)]
    return [(round(a / fps, 3), round(b / fps, 3), words[a]) for a, b in itertools.pairwise(edges)]


def check(run, seed):
    """All files of a seed say what its labels say."""
    for video in VIDEOS:
        expected = in_words(labels_of(run, video, seed), 5)
        folder = run / f"segments/{video.activity}/seed{seed}"
        place = folder / video.name
        assert read_vtt(place.with_suffix(".vtt")) == expected
        assert read_audacity(place.with_suffix(".audacity.txt")) == expected
        assert read_boris(folder / "project.boris")[video.name] == expected
        ids = np.loadtxt(place.with_suffix(".ids.txt"), int)
        table = dict(line.split(",") for line in (folder / "ids.csv").read_text().split("\n")[1:-1])
        spelled = [table[str(each)] for each in ids]
        assert [spelled[round(5 * start)] for start, _, _ in expected] == [
            label for _, _, label in expected
        ]


def test_every_sequence_of_every_seed(run):
    for seed in (0, 1):
        check(run, seed)
    assert not list((run / "segments").rglob("*[0-9].csv"))  # which lie beside the predictions
    assert len(list((run / "predictions").rglob("*/seed?/*.csv"))) == 2 * len(VIDEOS)


def test_names_of_the_day(run, tmp_path):
    """Whatever draws the report brings them, of the seed that is shown first."""
    model = Segmenter.load(shutil.copytree(run, tmp_path / "run"), activity="soup")
    shown = model._trained.member("soup").seed
    names = {0: "rest", 1: "rest"}
    table = "".join(f"soup,{cluster},{name}\n" for cluster, name in names.items())
    (model.workdir_ / "names.csv").write_text("activity,cluster,name\n" + table)
    model.report(tmp_path / "page.html")
    for video in VIDEOS:
        for seed in (0, 1):
            folder = model.workdir_ / f"segments/{video.activity}/seed{seed}"
            used = names if video.activity == "soup" and seed == shown else ()
            expected = in_words(labels_of(run, video, seed), 5, used)
            assert read_audacity(folder / f"{video.name}.audacity.txt") == expected


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"predict__segments": "csv,borris"}, ["config.predict.segments", "borris", "is boris"]),
        ({"predict__segments": "csv,vtt,nwb"}, ["=vtt,nwb", "--config.data.fps=25"]),
    ],
)
def test_what_cannot_be_written_is_said_before_training(root, tmp_path, given, parts):
    line = commands.run(*commands.arguments(root, tmp_path / "run", **given)).complaint
    assert all(part in line for part in parts), line
    assert not (tmp_path / "run").exists()


def test_a_missing_package_is_said_before_training(root, tmp_path, monkeypatch):
    monkeypatch.setattr(exports.importlib.util, "find_spec", lambda module: None)
    given = commands.arguments(root, tmp_path / "run", predict__segments="nwb", data__fps=5)
    line = commands.run(*given).complaint
    assert "config.predict.segments=nwb needs pynwb" in line and "pip install '.[export]'" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_segmenter_writes_them_too(tmp_path, quick_compile):
    sequences = {video.name: video.features for video in VIDEOS}
    settings = {"num_epochs": 1, "least_steps": 1, "predict.segments": "boris,nwb"}
    settings |= {"solver.train.num_iterations": 2, "model.layers": (0, 8, 5)}
    model = Segmenter(
        3, duration=1.0, order="free", fps=5.0, seeds=1, progress=False, settings=settings
    ).fit(sequences)
    (project,) = (model.workdir_ / "segments").rglob("project.boris")
    states = read_boris(project)
    assert states == {name: in_words(labels, 5) for name, labels in model.labels_.items()}
    bouts = {path.stem: read_nwb(path)[0] for path in project.parent.glob("*.nwb")}
    assert bouts == states
