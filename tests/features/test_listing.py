"""What is in a folder of videos: what each file is, where it lies, and what is said of it."""

import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_videos import cut, gray, moving, write_video

pytest.importorskip("av")

from jaxseg.features import listing
from jaxseg.features.listing import find_videos, summary
from jaxseg.features.video import content


def find(folder):
    """(names of videos, what is refused, what is left out)."""
    found = find_videos(folder)
    return sorted(found.files), found.refused, found.left_out


def picture(path, size=(64, 48), value=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), gray(value, *size))
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Bytes of a video in a transport stream, as camcorders write it."""
    path = tmp_path_factory.mktemp("video") / "a.ts"
    return write_video(path, moving(10), codec="mpeg2video", fps=25).read_bytes()


def lay(folder, content, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def test_what_is_no_video_has_a_reason(tmp_path, video):
    lay(tmp_path, video, "00001.MTS", "sub dir/ein Vidéo", "x.mod")
    write_video(tmp_path / "song.m4a", 0, sound=0.2, format="mp4", cover=gray(250, 32, 32))
    write_video(tmp_path / "song.avi", 0, sound=0.2)
    write_video(tmp_path / "still.gif", [gray(60)], codec="gif", pix_fmt="rgb8")
    cut(write_video(tmp_path / "half", 30, format="mp4", codec="mpeg4"), 0.5)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.mp4", video)
    np.save(tmp_path / "rows.npy", np.zeros(3))
    picture(tmp_path / "GOPR01.jpg").rename(tmp_path / "GOPR01.THM")
    picture(tmp_path / "x.png").rename(tmp_path / "photo.mp4")
    for name in ("notes.txt", "code.ts", "module.mts", "walk.asf", "table.csv", "list.mp4"):
        (tmp_path / name).write_text("#EXTM3U\n00001.MTS\n")
    (tmp_path / "BDMV").mkdir()
    (tmp_path / "BDMV" / "00001.mpl").write_bytes(b"MPLS0200\0\0\1")
    (tmp_path / "noise.bin").write_bytes(np.random.default_rng(0).bytes(100_000))
    (tmp_path / "empty.mts").touch()
    (tmp_path / "none").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert find(tmp_path) == (
        # A sound with a video's name is found broken when it is read.
        ["00001", "song", "sub dir/ein Vidéo", "x"],
        {
            "half": "no video that FFmpeg can read, or cut off before its index",
            "list.mp4": "text with the name of a video",
            "photo.mp4": "a picture (PNG) with the name of a video",
        },
        {
            "BDMV/00001.mpl": "a list of a camcorder's clips",
            "GOPR01.THM": "a picture (JPEG)",
            "all.zip": "a zip file",
            "code.ts": "text",
            "empty.mts": "empty",
            "module.mts": "text",
            "noise.bin": "no video that FFmpeg can read",
            "none": "no file, or a link to nothing",
            "notes.txt": "text",
            "pipe": "no file, or a link to nothing",
            "rows.npy": "an array of NumPy",
            "song.m4a": "sound only",
            "still.gif": "a single picture",
            "table.csv": "text",
            "walk.asf": "text",
        },
    )


def test_what_systems_and_jaxseg_write_is_passed_over(tmp_path, video):
    lay(tmp_path, video, "a.mp4", "._a.mp4", ".Trashes/a.mp4", "$RECYCLE.BIN/b.mp4")
    for name in (".DS_Store", "Thumbs.db", "segments.json", "groundTruth/a.txt", "mapping/x.txt"):
        lay(tmp_path, b"\0", name)
    lay(tmp_path, b"{}", "out/features.json", "run/config.json", "run/versions.json")
    for number in range(3):
        picture(tmp_path / f"run/footage/pictures/{number}.jpg")
    assert find(tmp_path) == (["a"], {}, {})


def test_any_depth(tmp_path, video):
    stream = "card/PRIVATE/AVCHD/BDMV/STREAM"
    lay(tmp_path, video, "tea/cam 1/a.ts", "tea/cam 1/b.ts", "tea/c.ts", f"{stream}/00000.MTS")
    lay(tmp_path, video, "tea/x_y/z.ts", "tea/x/y_z.ts", "tea/c.mp4", "take.2024.05.01", "d.e/f.ts")
    (tmp_path / "tea" / "empty").mkdir()
    names, refused, left_out = find(tmp_path)
    assert names == [
        "card/PRIVATE_AVCHD_BDMV_STREAM_00000",
        "d.e/f",
        "take.2024.05.01",
        *("tea/c", "tea/cam 1_a", "tea/cam 1_b", "tea/x_y_z"),
    ]
    assert refused == {
        "tea/c.ts": "its features would have the name of those of 'c.mp4'; rename it",
        "tea/x_y/z.ts": "its features would have the name of those of 'tea/x/y_z.ts'; rename it",
    }
    assert left_out == {"tea/empty": "an empty folder"}


def test_links(tmp_path, video):
    lay(tmp_path, video, "disk/films/a.ts", "videos/tea/b.ts")
    (tmp_path / "videos" / "loop").symlink_to(tmp_path / "videos")
    (tmp_path / "videos" / "tea" / "up").symlink_to("..")
    (tmp_path / "videos" / "coffee").symlink_to(tmp_path / "disk" / "films")
    (tmp_path / "videos" / "link.ts").symlink_to(tmp_path / "disk" / "films" / "a.ts")
    names, refused, left_out = find(tmp_path / "videos")
    assert names == ["coffee/a", "link", "tea/b"] and not refused
    assert set(left_out) == {"loop", "tea/up"}
    assert set(left_out.values()) == {"a link to a folder that was looked at already"}


def test_small_copies_of_action_cameras(tmp_path, video):
    lay(tmp_path, video, "GX01.MP4", "GL01.LRV", "GOPR2.MP4", "GOPR2.LRV", "alone.lrv")
    names, refused, left_out = find(tmp_path)
    assert names == ["GOPR2", "GX01", "alone"] and not refused
    assert left_out == {
        "GL01.LRV": "the camera's small copy of 'GX01.MP4'",
        "GOPR2.LRV": "the camera's small copy of 'GOPR2.MP4'",
    }


def test_folders_of_pictures(tmp_path, video):
    for number in (9, 10, 11):
        picture(tmp_path / f"walk/frame_{number}.jpg")
        picture(tmp_path / f"tea/take 1/{number}.png")
        for side in ("left", "right"):
            picture(tmp_path / f"two/{side}{number}.png")
        picture(tmp_path / f"photos/IMG{number}.jpg")
    lay(tmp_path, b"fps: 30\n", "walk/readme.txt")
    lay(tmp_path, video, "tea/take 2.ts", "photos/a.ts")
    picture(tmp_path / "one/1.png")
    for name in ("a.png", "b.png"):
        picture(tmp_path / "names" / name)
    names, refused, left_out = find(tmp_path)
    assert names == ["photos/a", "tea/take 1", "tea/take 2", "walk"] and not refused
    series = "a video is a folder of one series of numbered pictures, these have 2 kinds of names"
    assert left_out == {
        "names": f"2 pictures; {series}: a.png, b.png",
        "one/1.png": "a single picture",
        "photos": "3 pictures; they are a video in a folder without other things, here is a.ts",
        "two": f"6 pictures; {series}: left#.png, right#.png",
        "walk/readme.txt": "text",
    }
    lay(tmp_path, b"{}", "walk/run/features/features.json", "walk/out/features.json")
    lay(tmp_path, b"stir\n", "walk/groundTruth/walk.txt")
    assert find(tmp_path / "walk") == (["walk"], {}, {"readme.txt": "text"})


def test_where_there_is_no_video_the_message_says_what_there_is(tmp_path):
    for number in range(12):
        (tmp_path / f"{number:02}.txt").write_text("no video\n")
    with pytest.raises(ValueError, match=r"holds no video, nor do the folders in it") as caught:
        find_videos(tmp_path)
    assert "there is: '00.txt', '01.txt'" in str(caught.value)
    assert str(caught.value).endswith("'09.txt' and 2 more: text")


def test_a_long_list_is_cut_short():
    left_out = {f"{number}.x": f"reason {number % 12}" for number in range(36)}
    lines = summary(left_out)
    assert len(lines) == 11 and lines[0] == "'0.x', '12.x', '24.x': reason 0"
    assert lines[-1] == "and 6 more"


def test_few_files_are_opened_by_ffmpeg(tmp_path, video, monkeypatch):
    """Thousands of files in no time: FFmpeg is asked where nothing else tells."""
    asked = []
    monkeypatch.setattr(content, "_judge", lambda path, _: asked.append(path.name) or "")
    for number in range(50):
        lay(tmp_path, video, f"{number}.MTS")
        lay(tmp_path, b"text", f"{number}.txt")
        lay(tmp_path, b"\x93NUMPY", f"{number}.npy")
    lay(tmp_path, video, "unknown")
    find_videos(tmp_path)
    assert asked == ["unknown"]
    looked = []
    for number in range(50):
        lay(tmp_path, b"\xff\xd8\xff", f"frames/{number}.jpg")
    monkeypatch.setattr(listing, "_look", lambda path: looked.append(path) or content.look(path))
    assert "frames" in find_videos(tmp_path / "frames").files and len(looked) == 1


def test_one_video_in_place_of_a_folder(tmp_path, video, monkeypatch):
    lay(tmp_path, video, "a.mts", "b.mts")
    (tmp_path / "notes.txt").write_text("notes\n")
    assert find(tmp_path / "a.mts") == (["a"], {}, {})
    monkeypatch.chdir(tmp_path)
    found = find_videos(Path("b.mts"))
    assert found.source("b") == "b.mts" and found.folder == tmp_path.resolve()
    with pytest.raises(ValueError, match=r"notes.txt: holds no video.*'notes.txt': text"):
        find_videos(tmp_path / "notes.txt")
