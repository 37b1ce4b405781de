"""From a folder of videos to a report: configs/asot_videos.py as it is typed."""

import csv
import json
import os
import shutil

import commands
import numpy as np
import pytest
import tiny_videos
from serial_pool import SerialPool

from jaxseg.features import job, pool
from jaxseg.features.motion import fitting
from jaxseg.prediction.__main__ import main as label

CONFIG = commands.ROOT / "configs" / "asot_videos.py"
FPS = 5
SECONDS = 4


def pictures(order):
    """A still scene, and one in which something moves; each for two seconds at 10 fps."""
    still = [tiny_videos.gray(90)] * 20
    scenes = {"still": still, "moving": tiny_videos.moving(20)}
    return [picture for name in order for picture in scenes[name]]


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos") / "my films"
    tiny_videos.write_video(folder / "one.mp4", pictures(["still", "moving"]), fps=10)
    tiny_videos.write_video(folder / "two & a half.mkv", pictures(["moving", "still"]), fps=10)
    tiny_videos.write_video(folder / "short.mp4", 1, fps=10)
    (folder / "broken.mp4").write_bytes(b"")
    (folder / "notes.txt").write_text("Tuesday\n")
    return folder


def run(videos, workdir, *more, **overrides):
    given = {
        "data__videos": videos,
        "data__features": "motion",  # the fastest
        "data__fps": FPS,
        "num_epochs": 4,
        "least_steps": 0,
        "seeds": 2,
    }
    given |= {"model__num_clusters": 2, "model__layers": "(0,8,5)", "data__frames_per_video": 16}
    given |= overrides
    values = [f"--config.{key.replace('__', '.')}={value}" for key, value in given.items()]
    return commands.run(f"--config={CONFIG}", f"--workdir={workdir}", *values, *more)


@pytest.fixture(scope="module")
def finished(videos, quickly, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "films"
    with quickly(), pytest.MonkeyPatch.context() as patch:
        # Tests of features are about the processes, whose start takes longer than these videos.
        patch.setattr(job, "Pool", SerialPool)
        patch.setattr(pool, "Pool", SerialPool)
        # Mixtures of all descriptors would take a third of the test's time.
        patch.setattr(fitting, "MOST_DESCRIPTORS", 500)
        return run(videos, workdir), workdir


def test_one_command_does_all(finished):
    result, workdir = finished
    assert result.status == 0, result.err
    assert "no folder of videos was named" not in result.out  # that is said of the signs alone
    record = json.loads((workdir / "features" / "features.json").read_text())
    assert set(record["videos"]) == {"one", "two & a half"}
    for name, facts in record["videos"].items():
        assert facts["frames"] == SECONDS * FPS
        features = np.load(workdir / "features" / f"{name}.npy")
        assert features.shape == (SECONDS * FPS, 64) and np.isfinite(features).all()
        lines = (workdir / "predictions" / "my films" / "seed0" / f"{name}.txt").read_text()
        assert len(lines.splitlines()) == SECONDS * FPS


def test_what_cannot_be_used_is_said_and_left_out(finished):
    result, _ = finished
    (broken,) = [line for line in result.out.splitlines() if "broken.mp4" in line]
    assert broken.startswith("left out: ")
    assert "left out: 'notes.txt': text" in result.out.splitlines()
    (short,) = [line for line in result.out.splitlines() if "short.mp4" in line]
    assert "1 frame" in short and "two are needed" in short


def test_segments_are_those_of_the_predictions_in_seconds(finished):
    _, workdir = finished
    for name in ("one", "two & a half"):
        labels = (workdir / "predictions" / "my films" / "seed0" / f"{name}.txt").read_text()
        labels = labels.split()
        with open(workdir / "segments" / "my films" / "seed0" / f"{name}.csv") as file:
            rows = list(csv.DictReader(file))
        assert float(rows[0]["start"]) == 0 and float(rows[-1]["end"]) == SECONDS
        borders = [k / FPS for k in range(1, len(labels)) if labels[k] != labels[k - 1]]
        assert [float(row["start"]) for row in rows[1:]] == borders
        assert (workdir / "segments" / "my films" / "seed0" / f"{name}.eaf").is_file()


def test_the_report_plays_the_videos(finished, videos):
    _, workdir = finished
    page = (workdir / "report.html").read_text()
    assert "<h2>Watch" in page
    assert "one.mp4#t=" in page and "two%20%26%20a%20half.mkv#t=" in page
    assert "data:image/jpeg;base64," in page


def test_the_same_command_makes_no_features_again(finished, videos):
    _, workdir = finished
    before = {path: path.stat().st_mtime_ns for path in (workdir / "features").glob("*.npy")}
    result = run(videos, workdir, "--mode=features")
    assert result.status == 0 and len(before) == 2
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.fixture(scope="module")
def old_run(finished, tmp_path_factory):
    """The finished run with names, and without its page, at another place."""
    folder = tmp_path_factory.mktemp("old") / "run"
    shutil.copytree(finished[1], folder, ignore=shutil.ignore_patterns("report.html", "footage"))
    (folder / "names.csv").write_text("cluster,name\n0,rest\n1,'move, or so'\n".replace("'", '"'))
    return folder


def test_new_videos_with_an_old_run(
    finished, old_run, videos, tmp_path, capsys, monkeypatch, quick_compile
):
    """The run's own videos get the labels that they have there, in their own time, and a page."""
    monkeypatch.setattr(job, "Pool", SerialPool)
    new, out = tmp_path / "new", tmp_path / "out"
    shutil.copytree(videos, new)
    late = [3600 + k / 10 for k in range(10 * SECONDS)]
    tiny_videos.write_video(new / "tea" / "one.mkv", pictures(["still", "moving"]), times=late)
    before = contents(old_run)
    assert label([str(old_run), str(new), f"--out={out}", "--segments=audacity"]) == 1
    told = capsys.readouterr()
    assert "3 done" in told.out and str(out / "report.html") in told.out
    assert (
        "failed: 'broken.mp4'" in told.err and "short.mp4': 1 frame at 5 fps; two are" in told.err
    )
    (shown,) = [path.name for path in (out / "predictions" / "tea").iterdir()]
    for name in ("one", "two & a half"):
        path = f"predictions/my films/{shown}/{name}.txt"
        assert (out / path).read_text() == (finished[1] / path).read_text()
    fitted = "features/motion.npz"
    assert (out / fitted).read_bytes() == (old_run / fitted).read_bytes()
    labels = (out / f"predictions/tea/{shown}/one.txt").read_text().split()
    assert labels == (out / f"predictions/my films/{shown}/one.txt").read_text().split()
    rows = {}
    for place in ("my films", "tea"):
        table = (out / "segments" / place / shown / "one.csv").read_text().splitlines()
        rows[place] = list(csv.DictReader(table))
    assert [row["label"] for row in rows["tea"]] == [row["label"] for row in rows["my films"]]
    assert {row["label"] for row in rows["tea"]} <= {"rest", "move, or so"}
    for row, early in zip(rows["tea"], rows["my films"], strict=True):
        assert float(row["start"]) == 3600 + float(early["start"])
    made = {path.suffix for path in (out / "segments" / "tea" / shown).iterdir()}
    assert made == {".csv", ".vtt", ".eaf", ".txt"}
    page = (out / "report.html").read_text()
    assert "new/one.mp4#t=" in page and "new/tea/one.mkv#t=3600" in page and "move, or so" in page
    assert "typical moments</h3>" in page and "data:image/jpeg;base64," in page

    # The same again, of which one video has changed since.
    features = {path: path.stat().st_mtime_ns for path in (out / "features").rglob("*.npy")}
    tiny_videos.write_video(new / "tea" / "one.mkv", pictures(["moving"]), fps=10)
    for name in ("short.mp4", "broken.mp4"):
        (new / name).unlink()
    (out / "names.csv").write_text("activity,cluster,name\ntea,0,mine\ntea,1,mine\n")
    assert label([str(old_run), str(new), f"--out={out}", f"--seed={1 - int(shown[-1])}"]) == 2
    assert "which are others now" in capsys.readouterr().err
    assert label([str(old_run), str(new), f"--out={out}"]) == 0
    assert "mine" in (out / f"segments/tea/{shown}/one.csv").read_text()
    assert "1 done, 2 kept, 0 failed" in capsys.readouterr().out
    changed = [path for path, time in features.items() if path.stat().st_mtime_ns != time]
    assert changed == [out / "features" / "tea" / "one.npy"]
    assert len((out / f"predictions/tea/{shown}/one.txt").read_text().split()) == FPS * SECONDS // 2
    assert contents(old_run) == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def edit(change):
    """Changes a JSON file of a run in place."""

    def apply(run):
        path = run / "features" / "features.json"
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))

    return apply


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda run: (run / "features" / "features.json").unlink(), "features.json is gone"),
        (lambda run: (run / "features" / "motion.npz").unlink(), "motion.npz is gone"),
        (edit(lambda record: record.update(fitted_sha256="0")), "is not the file that"),
        (edit(lambda record: record["settings"].update(version=0)), "with version = 0, here it is"),
        (lambda run: shutil.rmtree(run / "checkpoints"), "no checkpoints"),
    ],
)
def test_what_new_videos_need_of_the_old_run(old_run, videos, tmp_path, capsys, damage, words):
    run = tmp_path / "run"
    shutil.copytree(old_run, run)
    damage(run)
    assert label([str(run), str(videos), f"--out={tmp_path / 'out'}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line and not (tmp_path / "out").exists()


def test_new_videos_that_cannot_be_labeled(old_run, videos, tmp_path, capsys):
    def fails(words, data, out=tmp_path / "out", *more, run=old_run):
        assert label([str(run), str(data), f"--out={out}", *more]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line and not (tmp_path / "out").exists()

    fails("no such folder of videos", tmp_path / "none")
    fails("was made with 5 rows a second", videos, tmp_path / "out", "--fps=6")
    fails("no activity 'tea', only my films", videos, tmp_path / "out", "--activity=tea")
    fails("is in ", videos, old_run / "new")
    fails("is in ", videos, videos / "new")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").touch()
    fails("is not empty and has no new_videos.json", videos, tmp_path / "other")
    fails("is not empty and has no new_videos.json", videos / "one.mp4", videos)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"data__root": "/data"}, "a run on videos makes its own features"),
        ({"data__features": "hog"}, "must be one of motion, image, motion+image, onnx, got 'hog'"),
        ({"data__features": "onnx"}, "go together"),
        ({"data__onnx": "net.onnx"}, "go together"),
        ({"data__features": "onnx", "data__onnx": "a", "data__reuse": "b"}, "reuse=b belongs to"),
        ({"data__fps": -1}, "config.data.fps must be at least 0"),
        ({"data__fps": "inf"}, "config.data.fps must be in [0, 1000], got inf"),
        ({"data__videos": "/nowhere/at/all"}, "/nowhere/at/all"),
        ({"data__reuse": "/nowhere/motion.npz"}, "/nowhere/motion.npz"),
    ],
)
def test_wrong_values_are_one_line(videos, tmp_path, overrides, words):
    result = run(videos, tmp_path / "run", **overrides)
    assert words in result.complaint
    assert not (tmp_path / "run").exists()


def test_a_run_keeps_to_its_videos_and_their_rate(finished, videos):
    _, workdir = finished
    assert "data.fps is 5.0 there, 6.0 here" in run(videos, workdir, data__fps=6).complaint
    path = videos / "one.mp4"
    content, times = path.read_bytes(), path.stat()
    path.write_bytes(content + b"\0")
    try:
        assert "films: one changed or gone since" in run(videos, workdir).complaint
    finally:
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_features_alone_are_for_videos(tmp_path):
    result = commands.run(
        f"--config={commands.CONFIG}",
        f"--workdir={tmp_path / 'run'}",
        f"--config.data.root={tmp_path}",
        "--mode=features",
    )
    assert "--mode=features is for videos" in result.complaint


def test_videos_are_for_their_own_config(tmp_path):
    result = commands.run(
        f"--config={commands.ROOT / 'configs' / 'asot_breakfast.py'}",
        "--config.data.videos=DIR",
    )
    assert "config.data.videos=DIR belongs to configs/asot_videos.py" in result.complaint


def test_keys_of_another_config_are_named():
    result = commands.run(f"--config={CONFIG}", "--config.tcl=True")
    assert "asot_videos.py has no key 'tcl'" in result.complaint
