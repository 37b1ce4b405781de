"""Folders of numbered pictures, read as videos."""

import cv2
import numpy as np
import pytest
from mean_color import MeanColor
from serial_pool import SerialPool
from tiny_videos import gray, gray_of

pytest.importorskip("av")

from jaxseg.features import job
from jaxseg.features.video.frames import VideoFile
from jaxseg.features.video.pictures import about_gaps, in_order


def write(folder, names, size=(64, 48)):
    """Picture k of a name has the gray of `gray_of(k)`."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), gray(gray_of(k), *size))
    return folder


@pytest.mark.parametrize("suffix", ["png", "jpg", "JPEG", "bmp", "tif", "tiff", "webp"])
def test_a_row_a_picture_in_the_order_of_the_numbers(tmp_path, suffix):
    folder = write(tmp_path / "walk", [f"take2_{k}.{suffix}" for k in range(8, 14)])
    video = VideoFile(folder, picture_fps=29.97)
    rows = list(video.resampled(29.97))
    np.testing.assert_allclose([time for time, _ in rows], np.arange(6) / 29.97, atol=1e-6)
    grays = [picture.mean() for _, picture in rows]
    np.testing.assert_allclose(grays, [gray_of(k) for k in range(6)], atol=2)
    assert (video.width, video.height, video.source_fps) == (64, 48, pytest.approx(29.97))
    assert video.duration == pytest.approx(6 / 29.97) and not video.cut_off
    # A part, as for the page's pictures.
    ((_, picture),) = video.resampled(1000, start=4.4 / 29.97, seconds=1e-3, height=24)
    assert picture.shape == (24, 32, 3) and picture.mean() == pytest.approx(gray_of(4), abs=2)


def test_order():
    assert in_order(["f_10.png", "f_9.PNG", "f_011.png"]) == (
        ["f_9.PNG", "f_10.png", "f_011.png"],
        [9, 10, 11],
    )
    # Several numbers: the first counts if it is another in each name; a time of day is one number.
    for ordered in (
        ["1_9_9.png", "2_8_9.png", "10_8_8.png"],
        ["IMG_20231231_235959.jpg", "IMG_20240101_000001.jpg", "IMG_20240101_120000.jpg"],
        ["S 2024-01-31 at 10.00.59.png", "S 2024-02-01 at 09.59.00.png"],
    ):
        assert in_order(reversed(ordered))[0] == ordered
    numbers = in_order(["2024-02-28T23:59:58.jpg", "2024-02-29T00:00:01.jpg"])[1]
    assert numbers[1] - numbers[0] == 3_000
    for names, words in [
        (["a1.png", "b2.png"], "2 kinds of names: a#.png, b#.png"),
        (["a1.png", "a2.jpg"], "2 kinds of names"),
        (["a1_1.png", "a1_2.png", "a2_1.png"], "names that differ in more than one number"),
        (["a1.png", "a01.png"], "names of which several have the same number"),
    ]:
        with pytest.raises(ValueError, match=words):
            in_order(names)


def test_gaps_are_told():
    names = list("abcde")
    assert about_gaps(names, [3, 4, 5, 6, 7]) == about_gaps(names, [0, 10, 20, 30, 40]) == ""
    assert about_gaps(names, [3, 4, 6, 7, 8]).startswith(
        "The numbers in the names of its pictures leave room for 1 more, the first after 'b'; its"
    )
    text = about_gaps(names, [0, 10, 20, 50, 70])
    assert "leave room for 3 more, the first after 'c';" in text
    # Times in nanoseconds, as cameras of robots have them.
    assert about_gaps(names, [0, 50_000_128, 99_999_900, 150_000_000, 200_000_128]) == ""


def test_pictures_that_cannot_be_used(tmp_path):
    folder = write(tmp_path / "walk", [f"{k}.png" for k in range(6)])
    (folder / "2.png").write_bytes(b"no picture")
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:60])
    (folder / "4.png").write_bytes(b"")
    video = VideoFile(folder, picture_fps=10)
    rows = list(video.resampled(10))
    assert len(rows) == 6 and video.notes.broken >= 3 and video.cut_off
    assert video.notes.pictures == 3 and not video.notes.mended
    assert rows[3][1].mean() == pytest.approx(gray_of(1), abs=2)  # what was shown before
    write(folder, ["5.png"], size=(32, 48))
    words = "^walk: picture '5.png' has 32 x 48 pixels, others have 64 x 48$"
    with pytest.raises(ValueError, match=words):
        list(VideoFile(folder, picture_fps=10).resampled(10))


def test_features_need_the_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "Pool", SerialPool)
    names = [f"img{k:03}.png" for k in (1, 2, 4)]
    folder = write(tmp_path / "videos" / "tea" / "walk", names)
    write(tmp_path / "videos" / "tea" / "stand", names)
    with pytest.raises(ValueError, match=r"stand: a folder .* and 1 more like it, .* give --fps=N"):
        job.extract(tmp_path / "videos", tmp_path / "out", MeanColor(), progress=False)

    def extract():
        videos, out = tmp_path / "videos", tmp_path / "out"
        return job.extract(videos, out, MeanColor(), fps=24, progress=False)

    assert extract().done == ["tea/stand", "tea/walk"]
    rows = np.load(tmp_path / "out" / "tea" / "walk.npy")
    np.testing.assert_allclose(rows.mean(1), [gray_of(k) for k in range(3)], atol=2)
    assert extract().kept == ["tea/stand", "tea/walk"]
    (folder / names[1]).unlink()
    assert extract().done == ["tea/walk"]
