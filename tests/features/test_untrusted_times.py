"""Timestamps that are wrong: all pictures are kept, each at its place, and the video is named."""

import itertools
import json
import random
from fractions import Fraction

import numpy as np
import pytest
from tiny_videos import gray_of, write_video

pytest.importorskip("av")

from jaxseg.features.video.clock import Clock, Notes
from jaxseg.features.video.frames import VideoFile

CLOSE = 4  # gray levels; neighboring pictures differ by 8
TICKS = 1000  # a second


def clock_times(marks, *, longest=3600.0, lasts=None, usual=0.04):
    """(times that pictures get in the order of showing, notes); marks in milliseconds."""
    notes = Notes()
    clock = Clock(usual, longest, lambda first: lasts, notes)
    seconds = [None if mark is None else mark / TICKS for mark in marks]

    def coming(k):
        return lambda count: [each for each in seconds[k + 1 : k + 1 + count] if each is not None]

    return [clock(mark, coming(k)) for k, mark in enumerate(seconds)], notes


def even(count, start=0):
    """Marks at 25 pictures a second."""
    return [start + 40 * k for k in range(count)]


def expect_even(marks, *words, start=0.0, **options):
    """The pictures come out at 25 a second, and there is one note with these words."""
    times, notes = clock_times(marks, **options)
    np.testing.assert_allclose(times, start + np.arange(len(marks)) / 25, atol=1e-6)
    (sentence,) = notes.sentences()
    assert notes.mended and all(word in sentence for word in words), sentence


@pytest.mark.parametrize("off", [30_000, 5_000, 400, -400, -3_000, -30_000])
@pytest.mark.parametrize("places", [[100], [100, 101], [100, 102], [1], [198, 199], [199]])
def test_a_picture_far_off_takes_its_place(off, places):
    marks = even(200, 3_600_000)
    for place in places:
        marks[place] += off
    if off == 400 and places[-1] == 199:
        # What lasts a little longer at the end may be right.
        assert clock_times(marks)[0][-1] == 3600 + 7.96 + 0.4
        return
    size = f"{abs(off) / TICKS:.1f} s {'late' if off > 0 else 'early'}"
    expect_even(marks, f"{len(places)} picture", size, start=3600)


@pytest.mark.parametrize("off", [30_000, -30_000])
def test_the_first_picture_is_far_off(off):
    marks = even(200, 40_000)
    marks[0] += off
    # Only the length of the file tells an early picture from a long one.
    expect_even(marks, "1 picture at 40.0 s", start=40, lasts=8.0)


@pytest.mark.parametrize("off", [30_000, 5_000, 2_000, -5_000, -30_000])
def test_many_pictures_are_far_off_alike(off):
    marks = even(400, 60_000)
    marks[150:250] = [mark + off for mark in marks[150:250]]
    expect_even(marks, "100 pictures from 66.0 s on", start=60)


def test_three_at_once_and_a_whole_group_reversed():
    marks = even(300, 9_000)
    for place, off in ((50, 30_000), (53, -4_000), (58, 700)):
        marks[place] += off
    expect_even(marks, "3 pictures from 11.0 s on", "30.0 s off", start=9)
    marks = even(300, 9_000)
    marks[100:112] = marks[100:112][::-1]
    times, _ = clock_times(marks)
    assert times == sorted(times) and times[112:] == pytest.approx(np.arange(112, 300) / 25 + 9)


def test_a_clock_that_restarts_is_counted_on():
    expect_even(even(200) + even(100), "The clock goes back by 8.0 s at 8.0 s")
    times, notes = clock_times(even(200, 5_000) + even(60, 5_000) + even(90) + even(9, 900_000))
    np.testing.assert_allclose(times[:350], 5 + np.arange(350) / 25, atol=1e-6)
    assert len(notes.faults) == 3 and times[350] == pytest.approx(900 + 5 + 260 / 25, abs=0.1)
    # At another speed, where it passes the time that it was set back from; with a small overlap.
    for spacing in (20, 80):
        times, notes = clock_times(even(200) + [spacing * k for k in range(200)])
        assert times[-1] == pytest.approx(8 + 0.199 * spacing) and len(notes.faults) == 1
    expect_even(even(200) + even(100, 7_500), "The clock goes back by 0.5 s")


def test_jumps_ahead_are_gaps_unless_they_are_too_long():
    marks = even(300) + even(100, 19_500)
    sentence = "No picture from 12.0 to 19.5 s; the last one stands still there."
    for options in ({}, {"lasts": 23.5}):
        times, notes = clock_times(marks, **options)
        assert times == pytest.approx([mark / TICKS for mark in marks])
        assert notes.sentences() == [sentence] and not notes.mended
    for options in ({"lasts": 16.0}, {"longest": 7.0}):
        expect_even(marks, "The clock jumps ahead by 7.5 s at 12.0 s", **options)
    # A picture that is early by so much that it lies in a gap does not undo the gap.
    marks[310] -= 3_000
    times, notes = clock_times(marks)
    assert times[-1] == pytest.approx(marks[-1] / TICKS) and len(notes.faults) == 2


def test_rates_that_vary_are_left_alone():
    generator = random.Random(0)
    steps = [generator.choice([20, 40, 100, 400, 900]) for _ in range(400)]
    marks = list(itertools.accumulate(steps, initial=-3_000))
    times, notes = clock_times(marks)
    assert times == [mark / TICKS for mark in marks] and not notes.sentences()


def test_a_time_lapse_is_left_alone():
    marks = [600 * TICKS * k for k in range(40)]
    times, notes = clock_times(marks, lasts=24_000.0)
    assert times == [mark / TICKS for mark in marks] and not notes.mended


def test_timestamps_that_are_missing_or_the_same():
    assert clock_times([None] * 3)[0] == pytest.approx([0, 0.04, 0.08])
    assert clock_times([500, None, 900])[0] == pytest.approx([0.5, 0.54, 0.9])
    assert clock_times([700] * 5)[0] == [0.7] * 5
    assert clock_times([-80, -40, 0])[0] == [-0.08, -0.04, 0]


def test_pictures_from_both_sides_of_a_loss_come_in_turn():
    """H.264 orders pictures by numbers that say nothing of what was lost in between."""
    shown = even(100) + even(100, 8_000)
    shown[97:102] = [8_000, 3_880, 8_040, 3_920, 8_080]
    shown[102] = 3_960
    # No pictures come of those right behind the loss.
    sent = even(100) + even(10, 7_600) + even(100, 8_000)
    notes = Notes()
    clock = Clock(0.04, 10.0, lambda first: None, notes)

    def coming(k):
        later = sent[sent.index(shown[k]) :]
        rest = [mark / TICKS for mark in later if mark not in shown[: k + 1]]
        return lambda count: rest[:count]

    times = [clock(mark / TICKS, coming(k)) for k, mark in enumerate(shown)]
    assert times == sorted(times) and times[103:] == [mark / TICKS for mark in shown[103:]]


def test_a_clock_that_stops():
    marks = even(50, 3_000) + [5_000] * 60
    expect_even(marks, "The clock has stopped for 59 pictures from 5.0 s on", start=3)
    # It goes on where it would be, or from where it stood.
    expect_even(marks + even(50, 7_400), "stopped for 59 pictures", start=3)
    expect_even(marks + even(50, 5_040), "stopped for 59 pictures", start=3)


def test_of_very_many_faults_the_first_are_told():
    marks = even(3000, 90_000)
    marks[100::100] = [mark + 7_000 for mark in marks[100::100]]
    times, notes = clock_times(marks)
    assert times == pytest.approx(np.arange(3000) / 25 + 90)
    assert len(notes.sentences()) == 11 and "19 more" in notes.sentences()[-1]


def remux(source, path, change):
    """Writes the packets of a video anew; change(k, packet) may set its timestamps."""
    import av

    with av.open(str(source)) as reader, av.open(str(path), "w") as writer:
        template = reader.streams.video[0]
        stream = writer.add_stream_from_template(template)
        for k, packet in enumerate(each for each in reader.demux(template) if each.size):
            change(k, packet)
            packet.stream = stream
            writer.mux(packet)
    return path


def ticks(packet, seconds):
    return round(Fraction(seconds) / packet.time_base)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """20 s of H.264 with B-frames, 25 pictures a second."""
    folder = tmp_path_factory.mktemp("films")
    return write_video(folder / "film.mp4", 500, fps=25, codec="libx264")


def expect_film(path, numbers=range(0, 500, 5), start=None):
    """The rows at 5 a second show these pictures; its notes, also found at any of its times."""
    video = VideoFile(path)
    rows = list(video.resampled(5))
    told, mended = video.notes.sentences(), video.notes.mended
    grays = [picture.mean() for _, picture in rows]
    assert len(grays) == len(numbers)
    np.testing.assert_allclose(grays, [gray_of(k) for k in numbers], atol=CLOSE)
    if start is not None:
        assert video.first_timestamp == pytest.approx(start, abs=0.1)
    times = [rows[k][0] for k in (3, len(rows) // 2, len(rows) - 1)]
    parts = VideoFile(path, steady=not mended).at(times)
    found = dict(parts)
    for k, time in zip((3, len(rows) // 2, len(rows) - 1), times, strict=True):
        assert np.array_equal(found[time], rows[k][1])
    return told


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
@pytest.mark.parametrize(("place", "off"), [(100, 30), (325, 5), (325, 30), (497, 30), (0, 30)])
def test_spikes_in_files(film, tmp_path, suffix, place, off):
    def change(k, packet):
        if place <= k <= place + 1:
            packet.pts += ticks(packet, off)

    (note,) = expect_film(remux(film, tmp_path / f"spike{suffix}", change))
    assert "2 pictures from" in note and f"{off}.0 s late" in note


def shifted(film, path, seconds):
    def change(k, packet):
        packet.pts += ticks(packet, seconds)
        packet.dts += ticks(packet, seconds)

    return remux(film, path, change)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".flv"])
@pytest.mark.parametrize("start", [3600, 36000])
def test_a_start_hours_later(film, tmp_path, suffix, start):
    path = shifted(film, tmp_path / f"late{suffix}", start)
    assert not expect_film(path, start=start)


@pytest.mark.parametrize("starts", [(0, 0), (0, 0, 0), (3600, 0), (0, 3600)])
def test_parts_of_a_camera_joined_by_their_bytes(film, tmp_path, starts):
    parts = [shifted(film, tmp_path / f"{k}.ts", start) for k, start in enumerate(starts)]
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    notes = expect_film(joined, [*range(0, 500, 5)] * len(starts))
    assert len(notes) == len(starts) - 1 and "it is counted on from there" in notes[0]


def test_a_length_that_comes_of_a_set_clock_is_not_believed(film, tmp_path):
    parts = [shifted(film, tmp_path / f"{start}.ts", start) for start in (0, 3600)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert VideoFile(parts[1]).duration == pytest.approx(20)
    assert 20 < VideoFile(joined).duration < 80


def test_a_clock_set_back_in_the_middle_of_a_file(film, tmp_path):
    def change(k, packet):
        packet.dts -= ticks(packet, 30)
        packet.pts -= ticks(packet, 8 if k >= 252 else 0)

    (note,) = expect_film(remux(film, tmp_path / "back.mkv", change))
    assert note == "The clock goes back by 8.0 s at 10.1 s; it is counted on from there."


def test_times_of_showing_that_go_back_and_forth(film, tmp_path):
    def change(k, packet):
        if k > 100:
            packet.pts = packet.dts

    path = remux(film, tmp_path / "order.ts", change)
    video = VideoFile(path)
    grays = [picture.mean() for _, picture in video.resampled(5)]
    assert len(grays) in range(98, 103) and video.notes.pictures == 500
    assert any("its times are those of decoding" in each for each in video.notes.sentences())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_pause_stays(film, tmp_path, suffix):
    def change(k, packet):
        # Every twelfth picture is a key: none is shown before it that is decoded after.
        if k >= 300:
            packet.pts += ticks(packet, 7)
            packet.dts += ticks(packet, 7)

    numbers = [*range(0, 300, 5), *[299] * 35, *range(300, 500, 5)]
    (note,) = expect_film(remux(film, tmp_path / f"pause{suffix}", change), numbers)
    assert "the last one stands still" in note


def test_random_spikes_keep_all_pictures(film, tmp_path):
    generator = random.Random(1)
    for turn in range(6):
        spikes = {
            generator.randrange(2, 495): generator.choice([1, -1]) * generator.uniform(0.3, 60)
            for _ in range(generator.randrange(1, 4))
        }

        def change(k, packet, spikes=spikes):
            # A file is not written where a picture is shown before it is decoded.
            packet.dts -= ticks(packet, 60)
            packet.pts += ticks(packet, round(spikes.get(k, 0), 3))

        expect_film(remux(film, tmp_path / f"{turn}.mkv", change))


def test_the_record_of_features_names_them(film, tmp_path):
    from mean_color import MeanColor

    from jaxseg.features import job

    def change(k, packet):
        if k == 100:
            packet.pts += ticks(packet, 30)

    (tmp_path / "videos").mkdir()
    remux(film, tmp_path / "videos" / "spike.mp4", change)
    write_video(tmp_path / "videos" / "sound.mp4", 30)
    out = tmp_path / "out"
    summary = job.extract(tmp_path / "videos", out, MeanColor(), fps=5, processes=1, progress=False)
    note = "1 picture at 4.0 s was marked 30.0 s late; it is taken at its place."
    videos = json.loads((out / "features.json").read_text())["videos"]
    assert videos["spike"]["notes"] == [note] and videos["spike"]["steady"] is False
    assert (videos["spike"]["pictures"], videos["spike"]["frames"]) == (500, 100)
    assert videos["sound"]["pictures"] == 30 and "notes" not in videos["sound"]
    assert summary.notes == {"spike": [note]} and summary.note_lines() == [f"note: spike: {note}"]
