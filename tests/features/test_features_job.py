"""The job over a folder: what is done, kept, made again, refused."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from mean_color import MeanColor
from serial_pool import SerialPool
from tiny_videos import cut, gray_of, write_video

pytest.importorskip("av")

from jaxseg.features import job, listing
from jaxseg.features.folders import RECORD, locked


@pytest.fixture
def folders(tmp_path):
    """Two videos, one in a subfolder, and a folder of features that is not there yet."""
    write_video(tmp_path / "videos" / "a.mp4", 10)
    write_video(tmp_path / "videos" / "tea" / "b.mkv", 16)
    return tmp_path / "videos", tmp_path / "out"


@pytest.fixture
def serial(monkeypatch):
    """Everything happens in this process, since starting others takes longer than the rest."""
    monkeypatch.setattr(job, "Pool", SerialPool)


def extract(folders, kind=None, **options):
    options = {"processes": 1, "progress": False} | options
    return job.extract(*folders, kind or MeanColor(), **options)


def record(out):
    return json.loads((out / RECORD).read_text())


def test_rows_and_record(folders):
    videos, out = folders
    summary = extract(folders)
    assert summary == job.Summary(["a", "tea/b"], [], {}, [], {}, [], {})
    assert sorted(p.name for p in out.rglob("*") if p.is_file()) == [
        *(".lock", "a.npy", "b.npy", "features.json")
    ]
    rows = np.load(out / "a.npy")
    assert rows.dtype == np.float32 and rows.shape == (5, 3)
    np.testing.assert_allclose(rows.mean(1), [gray_of(k) for k in range(0, 10, 2)], atol=4)
    content = record(out)
    assert (content["kind"], content["fps"], content["channels"]) == ("mean", 15, 3)
    assert content["settings"] == {"note": "", "pair": [1, 2]} and content["fitted"] is None
    assert content["folder"] == str(videos) and content["failed"] == {}
    assert content["versions"].keys() == {"numpy", "av"}
    known = content["videos"]["tea/b"]
    status = (videos / "tea/b.mkv").stat()
    assert (known["source"], known["frames"], known["rotation"]) == ("tea/b.mkv", 8, 0)
    assert (known["bytes"], known["modified_ns"]) == (status.st_size, status.st_mtime_ns)


def test_what_is_done_is_kept(folders, serial):
    _, out = folders
    extract(folders)
    before = (out / "a.npy").stat().st_mtime_ns
    summary = extract(folders)
    assert (summary.done, summary.kept) == ([], ["a", "tea/b"])
    assert (out / "a.npy").stat().st_mtime_ns == before


def test_what_has_changed_is_made_again(folders, serial):
    videos, out = folders
    extract(folders)
    write_video(videos / "a.mp4", 20)
    assert extract(folders).done == ["a"] and len(np.load(out / "a.npy")) == 10
    (out / "tea" / "b.npy").unlink()
    assert extract(folders).done == ["tea/b"]
    cut(out / "a.npy", 0.9)
    assert extract(folders).done == ["a"] and len(np.load(out / "a.npy")) == 10
    assert extract(folders, fps=10).done == ["a", "tea/b"]
    assert extract(folders, MeanColor(note="other"), fps=10).done == ["a", "tea/b"]


def test_fitted_parts_are_kept_for_new_videos(folders, serial):
    videos, out = folders
    kind = MeanColor(fitted=True)
    extract(folders, kind)
    assert kind.fits == 1 and kind.mean[0] == 2 and (out / "mean.npz").is_file()
    rows = np.load(out / "a.npy")
    write_video(videos / "new.mp4", 4)
    kind = MeanColor(fitted=True)
    assert extract(folders, kind).done == ["new"] and kind.fits == 0
    assert np.load(out / "new.npy")[0, 0] == rows[0, 0]
    # Parts of another folder, and parts that are gone, make everything anew.
    kind = MeanColor(fitted=True)
    kind.fit([1, 2, 3], 15, lambda *_: None)
    assert extract(folders, kind).done == ["a", "new", "tea/b"]
    assert np.load(out / "a.npy")[0, 0] == rows[0, 0] - 1
    (out / "mean.npz").unlink()
    assert extract(folders, MeanColor(fitted=True)).done == ["a", "new", "tea/b"]


def test_broken_videos_do_not_stop_the_others(folders, serial):
    videos, out = folders
    (videos / "zero.mp4").touch()
    (videos / "dir.mp4").mkdir()
    (videos / "link.mkv").symlink_to("nowhere.mkv")
    write_video(videos / "a.avi", 5)
    write_video(videos / "song.mov", 0, sound=0.2)
    write_video(videos / "one.webm", 1)
    cut(write_video(videos / "half.mkv", 90), 0.5)
    (videos / "notes.txt").touch()
    (videos / ".hidden.mp4").touch()
    summary = extract(folders, least_frames=2)
    assert summary.done == ["a", "half", "tea/b"] and summary.truncated == ["half"]
    assert (
        summary.left_out
        == record(out)["left_out"]
        == {
            "dir.mp4": "an empty folder",
            "notes.txt": "empty",
        }
    )
    assert record(out)["videos"]["half"]["truncated"]
    assert summary.failed == record(out)["failed"]
    assert summary.failed == {
        "a.mp4": "its features would have the name of those of 'a.avi'; rename it",
        "link.mkv": "no file, or a link to nothing",
        "one.webm": "1 frame at 15 fps; two are needed",
        "song.mov": "no video stream; it has sound only",
        "zero.mp4": "empty",
    }
    # Once mended it is like any other.
    write_video(videos / "zero.mp4", 5)
    summary = extract(folders, least_frames=2)
    assert summary.done == ["zero"] and "zero.mp4" not in record(out)["failed"]


def test_features_of_what_fails_now_are_gone(folders, serial):
    videos, out = folders
    extract(folders)
    (videos / "a.mp4").write_bytes(b"")
    assert list(extract(folders).failed) == ["a.mp4"] and not (out / "a.npy").exists()
    (videos / "a.mp4").unlink()
    write_video(videos / "c.mp4", 3)
    extract(folders)
    (videos / "c.mp4").unlink()
    assert extract(folders).removed == ["c"] and not (out / "c.npy").exists()


def test_nothing_that_can_be_fitted(tmp_path, serial):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").touch()
    kind = MeanColor(fitted=True)
    summary = extract((tmp_path / "videos", tmp_path / "out"), kind)
    assert list(summary.failed) == ["a.mp4"] and kind.fits == 0


def test_a_process_that_dies_costs_one_video(folders):
    videos, _ = folders
    write_video(videos / "bright.mp4", [np.full((48, 64, 3), 250, np.uint8)] * 3)
    summary = extract(folders, MeanColor(dies_above=240))
    assert summary.done == ["a", "tea/b"]
    (reason,) = summary.failed.values()
    assert reason == "the process that read it was ended by SIGKILL, often for lack of memory"


def test_a_kind_with_a_defect(folders, serial):
    summary = extract(folders, MeanColor(delay=None))
    assert set(summary.failed) == {"a.mp4", "tea/b.mkv"}
    assert "TypeError: " in summary.failed["a.mp4"]


def test_names(tmp_path, serial):
    names = ["with space", 'it\'s "quoted" & <b>', "приготовить чай", "咖啡", "-rf", "%03d", "a:b"]
    video = write_video(tmp_path / "a.mp4", 3).read_bytes()
    (tmp_path / "videos").mkdir()
    for name in names:
        (tmp_path / "videos" / f"{name}.mp4").write_bytes(video)
    folders = tmp_path / "videos" / ".." / "videos", tmp_path / "out"
    assert extract(folders).done == sorted(names)
    assert all(len(np.load(tmp_path / "out" / f"{name}.npy")) == 2 for name in names)


def test_names_that_no_file_of_a_run_has(tmp_path, serial):
    videos = tmp_path / "videos"
    video = write_video(videos / "a.mp4", 3).read_bytes()
    for name in ("a\nb", "a\\..\\b", "x" * 240, "..", "groundTruth/a"):
        path = videos / f"{name}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(video)
    (videos / "deep" / "deeper").mkdir(parents=True)
    (videos / "deep" / "deeper" / "a.mp4").write_bytes(video)
    summary = extract((videos, tmp_path / "out"))
    assert summary.done == ["a", "deep/deeper_a"] and not summary.left_out
    why = dict(sorted(summary.failed.items()))
    assert list(why) == ["a\nb.mp4", "a\\..\\b.mp4", "groundTruth/a.mp4", "x" * 240 + ".mp4"]
    for reason, part in zip(
        why.values(), (r"'\n'", r"'\\'", "groundTruth", "240 bytes"), strict=True
    ):
        assert part in reason and len(reason.splitlines()) == 1


def test_folders_that_are_wrong(folders, tmp_path, serial):
    def fails(words, *pair, kind=None):
        with pytest.raises(ValueError, match=words) as caught:
            extract(pair, kind)
        assert len(str(caught.value).splitlines()) == 1

    videos, out = folders
    kind = MeanColor()
    kind.fps = 10.0
    fails("kind mean was fitted at 10 frames a second, not 15", *folders, kind=kind)
    fails("no such folder of videos", tmp_path / "none", out)
    (tmp_path / "empty").mkdir()
    fails(
        "holds no video, nor do the folders in it; there is: it is empty", tmp_path / "empty", out
    )
    fails("is not empty and has no features.json", videos, videos)
    assert not (videos / ".lock").exists()
    (tmp_path / "file").touch()
    fails("cannot be written", videos, tmp_path / "file")
    extract(folders)
    other = tmp_path / "other"
    write_video(other / "a.mp4", 30)
    fails("holds features of the videos in", other, out)
    with locked(out):
        fails("another command is writing there", videos, out)
    (out / RECORD).write_text("{")
    fails("is damaged", videos, out)
    for damaged in ('"../a": {"frames": 1}', '"a": {}', '"a": 1'):
        (out / RECORD).write_text('{"failed": {}, "videos": {' + damaged + "}}")
        fails("is damaged", videos, out)


def test_videos_that_have_changed_since(folders, serial):
    videos, out = folders
    extract(folders)
    os.utime(videos / "a.mp4")
    write_video(videos / "new.mp4", 10)
    assert job.changed(listing.find_videos(videos), out) == []
    write_video(videos / "a.mp4", 30)
    (videos / "tea/b.mkv").unlink()
    assert (
        job.changed(listing.find_videos(videos), out) == ["a", "tea/b"]
        and job.changed(listing.find_videos(videos), out / "none") == []
    )


def test_a_folder_that_was_moved(folders, tmp_path, serial):
    videos, out = folders
    extract(folders)
    videos.rename(tmp_path / "elsewhere")
    assert extract((tmp_path / "elsewhere", out)).kept == ["a", "tea/b"]


SLOW = """
import sys
from pathlib import Path
from mean_color import MeanColor
from serial_pool import SerialPool
from jaxseg.features.job import extract
extract(*map(Path, sys.argv[1:]), MeanColor(seconds=0.05), processes=2)
"""


def test_a_killed_command_goes_on(folders):
    videos, out = folders
    write_video(videos / "long.mp4", 100, fps=30)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, sys.path)])
    }
    process = subprocess.Popen([sys.executable, "-c", SLOW, *map(str, folders)], env=environment)
    while not (
        (out / "a.npy").exists() and list(out.glob(".long*")) and "a" in record(out)["videos"]
    ):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert not (out / "long.npy").exists()
    summary = extract(folders)
    assert "long" in summary.done and "a" in summary.kept
    assert not list(out.glob(".long*")) and len(np.load(out / "long.npy")) == 50
