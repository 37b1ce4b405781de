"""Videos read by timestamp: every container, rate, rotation and size."""

import numpy as np
import pytest
from tiny_videos import CODECS, gray, gray_of, steps, write_video

pytest.importorskip("av")

from jaxseg.features.video.decoding import read_upright
from jaxseg.features.video.frames import VideoFile

CLOSE = 4  # gray levels; neighboring pictures differ by 8


def shown(path, fps=15, **options):
    """(times, mean gray) of a video's rows."""
    video = VideoFile(path)
    rows = list(video.resampled(fps, **options))
    return [time for time, _ in rows], [picture.mean() for _, picture in rows]


def expect(path, numbers, fps=15, **options):
    """The rows of a video show the pictures of these numbers."""
    times, grays = shown(path, fps, **options)
    assert len(grays) == len(numbers)
    np.testing.assert_allclose(grays, [gray_of(k) for k in numbers], atol=CLOSE)
    return times


@pytest.mark.parametrize("suffix", [*CODECS, ".MP4"])
def test_every_container_at_half_its_rate(tmp_path, suffix):
    path = write_video(tmp_path / f"a{suffix}", 10, fps=30)
    times = expect(path, range(0, 10, 2))
    np.testing.assert_allclose(times, np.arange(5) / 15, atol=1e-9)


@pytest.mark.parametrize(
    ("fps", "numbers"),
    [
        (30, range(10)),
        (60, np.repeat(range(10), 2)),
        (20, [0, 1, 3, 4, 6, 7, 9]),
        (3, [0]),
        (0.5, [0]),
    ],
)
def test_any_rate(tmp_path, fps, numbers):
    expect(write_video(tmp_path / "a.mp4", 10, fps=30), numbers, fps)


def test_variable_rate(tmp_path):
    # Pictures stay 0.5, 0.1, 0.1, 0.9 and 0.001 s; the first comes late.
    times = [0.5, 1.0, 1.1, 1.2, 2.1]
    path = write_video(tmp_path / "phone.mkv", 5, times=times)
    result = expect(path, [0] * 5 + [1, 2] + [3] * 9 + [4], fps=10)
    np.testing.assert_allclose(result, 0.5 + np.arange(17) / 10, atol=1e-9)


def test_b_frames_come_in_the_order_they_are_shown(tmp_path):
    path = write_video(tmp_path / "a.mp4", 24, codec="libx264")
    expect(path, range(24), fps=30)


def test_b_frames_of_avi_which_knows_no_such_order(tmp_path):
    path = write_video(tmp_path / "a.avi", 24, codec="libx264")
    video = VideoFile(path)
    grays = [picture.mean() for _, picture in video.resampled(30)]
    assert video.notes.pictures >= 22
    assert len(grays) in (23, 24, 25) and (np.diff(grays) > -CLOSE).all()


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
def test_rotation_as_a_player_shows_it(tmp_path, clockwise):
    picture = gray(30)
    picture[:16, :16] = 240  # upper left as stored
    path = write_video(tmp_path / "a.mp4", [picture] * 3, clockwise=clockwise)
    video = VideoFile(path)
    _, upright = next(video.resampled(15))
    assert (video.rotation, (video.height, video.width)) == (clockwise, upright.shape[:2])
    assert upright.shape == ((64, 48, 3) if clockwise in (90, 270) else (48, 64, 3))
    corners = upright[[4, 4, -4, -4], [4, -4, -4, 4]].mean(axis=1)  # clockwise from the upper left
    assert np.argmax(corners) == clockwise // 90 and (np.sort(corners)[:3] < 60).all()


@pytest.mark.parametrize(
    ("matrix", "corner"),  # a, b, c, d of the track header; where what is upper left comes to
    [
        ((1, 0, 0, 1), (0, 0)),
        ((0, 1, -1, 0), (0, -1)),  # 90 degrees clockwise, as of a phone held upright
        ((-1, 0, 0, -1), (-1, -1)),
        ((0, -1, 1, 0), (-1, 0)),
        ((-1, 0, 0, 1), (0, -1)),  # a mirror
        ((1, 0, 0, -1), (-1, 0)),
        ((0, 1, 1, 0), (0, 0)),
        ((0, -1, -1, 0), (-1, -1)),
    ],
)
def test_turned_and_mirrored(matrix, corner):
    a, b, c, d = matrix
    stored = np.zeros((2, 3, 3), np.uint8)
    stored[0, 0] = 255
    numbers = np.array([a, b, 0, c, d, 0, 0, 0, 1], np.int32) << 16
    upright = read_upright(numbers.tobytes()).turn(stored)
    assert upright.shape == ((3, 2, 3) if b else (2, 3, 3))
    assert upright[corner].min() == 255 and upright.sum() == 3 * 255


def test_a_cover_picture_is_no_video(tmp_path):
    path = write_video(tmp_path / "a.mp4", 4, cover=gray(250, 32, 32))
    expect(path, [0, 2])
    path = write_video(tmp_path / "song.mp4", 0, cover=gray(250, 32, 32), sound=0.2)
    with pytest.raises(ValueError, match=r"^song.mp4: no video stream; it has sound only$"):
        VideoFile(path)


@pytest.mark.parametrize("size", [(63, 47), (2, 2), (16, 90), (1, 1)])
def test_odd_sizes(tmp_path, size):
    path = write_video(tmp_path / "a.mkv", steps(3, *size), codec="ffv1")
    video = VideoFile(path)
    pictures = [picture for _, picture in video.resampled(30)]
    assert {picture.shape for picture in pictures} == {(size[1], size[0], 3)}
    np.testing.assert_allclose([p.mean() for p in pictures], [20, 28, 36], atol=2)


def test_scaled_down_upright_and_never_up(tmp_path):
    picture = gray(30)
    picture[:24] = 200
    path = write_video(tmp_path / "a.mp4", [picture], clockwise=90)
    video = VideoFile(path)
    _, small = next(video.resampled(15, height=32))
    _, same = next(video.resampled(15, height=100))
    assert small.shape == (32, 24, 3) and same.shape == (64, 48, 3)
    assert small[:, -6:].mean() > 180 and small[:, :6].mean() < 50  # what was on top is right now


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", None), (".mkv", None), (".avi", None), (".webm", None), (".mp4", "libx264")],
)
def test_a_part_is_the_same_as_in_the_whole(tmp_path, suffix, codec):
    path = write_video(tmp_path / f"a{suffix}", 60, fps=30, codec=codec)
    video = VideoFile(path)
    whole = list(video.resampled(10))
    for start in (0.0, 0.2, 1.4, 1.9):
        part = list(video.resampled(10, start=start, seconds=0.3))
        first = round(start * 10)
        assert len(part) == min(3, 20 - first)
        for (time, picture), (known_time, known) in zip(part, whole[first:], strict=False):
            assert time == pytest.approx(known_time) and np.array_equal(picture, known)


def test_a_part_behind_the_end_is_empty(tmp_path):
    path = write_video(tmp_path / "a.mp4", 10)
    assert shown(path, start=5.0, seconds=1.0) == ([], [])


def test_one_picture(tmp_path):
    expect(write_video(tmp_path / "a.mp4", 1), [0])
    expect(write_video(tmp_path / "a.mp4", 1, fps=1), [0] * 15)


def test_sound_beside_the_pictures(tmp_path):
    path = write_video(tmp_path / "a.mov", 6, fps=30, sound=1)
    expect(path, [0, 2, 4])
    video = VideoFile(path)
    assert video.duration == pytest.approx(0.2) and not video.cut_off


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mp4"])
def test_a_late_start_is_neither_length_nor_loss(tmp_path, suffix):
    path = write_video(tmp_path / f"a{suffix}", 10, times=[4 + k / 10 for k in range(10)])
    video = VideoFile(path)
    assert video.first_timestamp == pytest.approx(4, abs=0.002)
    assert len(list(video.resampled(10))) == 10 and not video.cut_off
    assert video.duration == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_a_recording_without_a_length(tmp_path, suffix):
    """As browsers make it; the size tells roughly, and parts are found."""
    path = write_video(tmp_path / f"a{suffix}", 600, options={"live": "1"})
    video = VideoFile(path)
    assert 5 < video.duration < 80 and video.is_rough and not video.cut_off
    expect(path, [450, 452, 454], start=15, seconds=0.2)


def test_facts(tmp_path):
    path = write_video(tmp_path / "a.mp4", 6, fps=12)
    video = VideoFile(path)
    assert (video.width, video.height, video.rotation) == (64, 48, 0)
    assert (video.duration, video.source_fps) == (pytest.approx(0.5), 12)
    assert video.first_timestamp == 0
