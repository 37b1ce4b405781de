"""New sequences with an old run: its member, its scaling, its settings, and what does not fit."""

import json
import shutil
from dataclasses import replace

import commands
import numpy as np
import pytest
import toy
from exported import read_audacity, read_boris

from jaxseg import Segmenter
from jaxseg.data import load
from jaxseg.prediction import new_data
from jaxseg.prediction.__main__ import main
from jaxseg.prediction.new_data import Trained, padded_length
from jaxseg.run.workdir import claim
from jaxseg.training.members import enumerate_members

VIDEOS = {video.name: video for video in toy.make_data().videos}


def run_command(root, workdir, arguments=commands.arguments, **overrides):
    done = commands.run(*arguments(root, workdir, **overrides))
    assert done.status == 0, done.err
    return workdir


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return toy.write_files(tmp_path_factory.mktemp("data") / "mine")


@pytest.fixture(scope="module")
def run(root, quickly, tmp_path_factory):
    """A finished run of both activities, two seeds each."""
    with quickly():
        workdir = tmp_path_factory.mktemp("runs") / "run"
        terms = {"duration": 2, "order": "free"}
        return run_command(root, workdir, data__fps=5, predict__segments="csv", **terms)


def label(capsys, *words):
    """(status, last line on standard error or "") of the command."""
    status = main([str(word) for word in words])
    return status, (capsys.readouterr().err.splitlines() or [""])[-1]


def read(folder) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*.*"))
        if path.is_file()
    }


def test_files_as_the_run_writes_them(run, root, tmp_path, capsys, quick_compile):
    """Of the training sequences: the same labels, in the same subfolders."""
    status, _ = label(capsys, run, root, f"--out={tmp_path / 'out'}", "--seed=1")
    assert status == 0
    found = read(tmp_path / "out")
    assert set(found) == {
        f"{v.activity}/{n}.{e}" for n, v in VIDEOS.items() for e in ("txt", "csv")
    }
    alike = []
    for name, text in found.items():
        activity, file = name.split("/")
        expected = (run / "predictions" / activity / "seed1" / file).read_text()
        if name.endswith("csv"):
            assert text.splitlines()[0] == "start,end,label"
            assert text.splitlines()[-1].split(",")[1] == f"{VIDEOS[file[:-4]].num_frames / 5:.3f}"
        else:
            alike += [a == b for a, b in zip(text.split(), expected.split(), strict=True)]
    # Members of one program agree with one alone to rounding, not bit for bit.
    assert len(alike) == 130 and np.mean(alike) > 0.95


def test_one_sequence_by_the_activity_that_is_named(run, tmp_path, capsys, quick_compile):
    data, out = tmp_path / "new", tmp_path / "out"
    data.mkdir()
    np.save(data / "x.npy", VIDEOS["soup1"].features[5:29])
    (tmp_path / "groundTruth").mkdir()  # of something else: nobody asks for labels here
    status, line = label(capsys, run, data, f"--out={out}")
    assert status == 2 and "several activities: give --activity, one of salad, soup" in line
    words = "--activity=soup", "--segments=boris,audacity, frames"
    assert label(capsys, run, data, f"--out={out}", *words)[0] == 0
    labels = np.loadtxt(out / "x.txt", int)
    assert len(labels) == 24 and set(labels) <= {0, 1, 2, 3}
    np.testing.assert_array_equal(np.loadtxt(out / "x.ids.txt", int), labels)
    states = read_boris(out / "project.boris")
    assert states == {"x": read_audacity(out / "x.audacity.txt")} and states["x"][-1][1] == 4.8
    others = {"project.boris", "ids.csv", "x.txt", "x.ids.txt", "x.audacity.txt"}
    assert {path.name for path in out.iterdir()} == others


def test_a_label_does_not_depend_on_padding_or_company(run, monkeypatch, quick_compile):
    trained = Trained(run)
    members = [trained.member("salad", seed) for seed in (None, 0, 1)]
    assert members[0] in members[1:] and members[1] != members[2]
    video = VIDEOS["salad2"]
    one = trained.decode(video, members[0])
    monkeypatch.setattr(new_data, "padded_length", lambda frames: 64)
    other = trained.decode(video, members[0])
    assert one.plan.shape == (33, 4) and one.labels.shape == (33,)
    np.testing.assert_allclose(one.plan, other.plan, atol=1e-5)


@pytest.mark.parametrize("scaling", ["folder", "sequence", "none", "auto", "frame"])
def test_the_scaling_of_the_run(root, tmp_path, scaling):
    """Or each sequence's own, where those of the run have their own."""
    values = {"data.root": str(root), "data.scaling": scaling}
    if scaling == "frame":
        values = {"data.root": str(root), "data.standardize": True}
    config = toy.make_config(values)
    data = load(config.data, progress=False)
    claim(tmp_path, config, data, enumerate_members(config, data))
    trained = Trained(tmp_path)
    assert set(trained.data.scaling) == (
        {"salad", "soup"} if scaling in ("folder", "auto") else set()
    )
    for video in data.videos:
        new = replace(video, scaling=None, limit=None)
        frames = trained.scaled(new, video.activity).frames()
        np.testing.assert_array_equal(frames, video.frames())
        assert (frames != new.frames()).any() == (scaling != "none")


def test_lengths_that_are_compiled_are_few():
    lengths = [padded_length(frames) for frames in range(2, 5000)]
    assert all(length % 8 == 0 for length in lengths) and len(set(lengths)) < 50
    for frames, length in enumerate(lengths, start=2):
        assert frames <= length < max(frames + 8, 1.26 * frames)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--seed=5"], ["no seed 5", "0, 1"]),
        (["--activity=tea"], ["no activity 'tea'", "salad, soup"]),
        (["--fps=25"], ["25 frames a second", "trained on 5"]),
        (["--segments=csv,borris"], ["--segments: there is no 'borris'; there is boris"]),
    ],
)
def test_what_the_run_does_not_have(run, root, tmp_path, capsys, words, parts):
    status, line = label(capsys, run, root, f"--out={tmp_path / 'out'}", *words)
    assert status == 2 and line.startswith("error: ")
    assert all(part in line for part in parts), line
    assert not (tmp_path / "out").exists()


def test_sequences_of_another_kind(run, tmp_path, capsys):
    data = tmp_path / "new"
    data.mkdir()
    np.save(data / "x.npy", np.zeros((9, 4)))
    status, line = label(capsys, run, data, f"--out={tmp_path / 'out'}")
    assert status == 2 and "'x' has 4 channels" in line and "trained on 6" in line


def test_labels_among_the_sequences(run, root, capsys):
    for out, where in ((root / "features" / "out", root), (run, run)):
        status, line = label(capsys, run, root, f"--out={out}")
        assert status == 2 and f"is in {where}" in line


def test_what_is_no_finished_run(run, root, tmp_path, capsys):
    out = f"--out={tmp_path / 'out'}"
    assert "no dataset.json" in label(capsys, root, root.parent, out)[1]
    shutil.copytree(run, tmp_path / "cut", ignore=shutil.ignore_patterns("checkpoints"))
    assert "train first" in label(capsys, tmp_path / "cut", root, out)[1]
    (tmp_path / "cut" / "dataset.json").write_text(
        json.dumps({"task": "localization", "name": "x", "generated": True, "videos": []}).replace(
            '"videos"', '"seconds_per_snippet": 1, "classes": [], "videos"'
        )
    )
    assert "a run of localization" in label(capsys, tmp_path / "cut", root, out)[1]


def test_a_run_of_tot(train_toy, quick_compile):
    config = toy.make_tot_config()
    setup, _, workdir = train_toy(config)
    claim(workdir, config, toy.make_data(), setup.members)
    trained = Trained(workdir)
    decoded = trained.decode(VIDEOS["soup0"], trained.member("soup"))
    assert decoded.labels.shape == (26,) and decoded.plan.shape == (26, 3)
    np.testing.assert_allclose(decoded.plan.sum(axis=1), 1, atol=1e-5)


def test_a_decoding_that_looks_at_all_sequences_at_once(tmp_path):
    config = toy.make_tot_config({"solver.eval.order": "mean_time"})
    claim(tmp_path, config, toy.make_data(), enumerate_members(config, toy.make_data()))
    trained = Trained(tmp_path)
    with pytest.raises(ValueError, match="looks at all of its training sequences"):
        trained.decode(VIDEOS["soup0"], trained.member("soup"))


def test_a_segmenter_of_a_run_of_several_activities(run, root, quick_compile):
    model = Segmenter.load(run).set_params(progress=False)
    names = [f"{video.activity}/{name}" for name, video in VIDEOS.items()]
    assert list(model.labels_) == names
    found = model.segments(root)
    assert list(found) == names and found["soup/soup1"][-1].end == 40 / 5
    with pytest.raises(ValueError, match="several activities"):
        model.predict([VIDEOS["soup1"].features])
    soup = Segmenter.load(run, activity="soup", seed=1).set_params(progress=False)
    assert list(soup.labels_) == names[3:]
    assert len(soup.predict([VIDEOS["soup1"].features])[0]) == 40
    with pytest.raises(ValueError, match="25 frames a second"):
        soup.set_params(fps=25).predict([VIDEOS["soup1"].features])
