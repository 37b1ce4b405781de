"""Segments as CSV, WebVTT and ELAN's files, read back by other people's programs."""

import itertools

import numpy as np
import pytest
from films import linked_media, read_csv, read_eaf, read_vtt

from jaxseg.footage import write_exports
from jaxseg.footage.record import longest
from jaxseg.footage.workdir import TimedSegment, segments_of
from jaxseg.formats.segments import Segment, timestamp, write_vtt

LABELS = np.array([2, 2, 2, 0, 5, 5])


def test_a_row_stands_for_its_time_and_the_last_lasts_as_long_as_others():
    assert segments_of(LABELS, 4.0) == [(0, 0.75, 2), (0.75, 1, 0), (1, 1.5, 5)]
    assert segments_of(LABELS, 4.0, first=2.0)[1] == (2.75, 3, 0)
    assert segments_of(np.array([7]), 15.0) == [(0, 0.067, 7)]
    assert segments_of(LABELS[:0], 4.0) == []


@pytest.mark.parametrize(
    ("duration", "end"),
    [(None, 3.5), (1.4, 3.4), (1.3, 3.3), (1.6, 3.5), (1.25, 3.5), (0.0, 3.5)],
)
def test_nothing_lasts_beyond_the_video_unless_it_claims_to_end_before_its_last_row(duration, end):
    """The last of six rows at 4 a second, from second 2, stands for 3.25."""
    *others, last = segments_of(LABELS, 4.0, first=2.0, duration=duration)
    assert last == (3, end, 5) and others == [(2, 2.75, 2), (2.75, 3, 0)]


def test_times_before_zero_are_left_out():
    assert segments_of(LABELS, 4.0, first=-0.8) == [(0, 0.2, 0), (0.2, 0.7, 5)]


def test_the_longest_in_their_order():
    result = segments_of(np.array([0, 1, 1, 1, 0, 2, 2]), 1.0)
    assert [segment.cluster for segment in longest(result, 2)] == [1, 2]
    assert longest(result, 9) == result and longest(result, 0) == []


def test_three_formats_tell_the_same(tmp_path):
    """Rows of a fifteenth of a second have no whole milliseconds; no border may open or overlap."""
    labels = np.random.default_rng(0).integers(-1, 12, 300)
    segments = segments_of(labels, 15.0, first=3599.5)  # into the second hour
    source = tmp_path / "the films" / "été & <b>.mp4"
    write_exports(tmp_path / "out" / "茶", "a'b", segments, source)
    files = [tmp_path / "out" / "茶" / f"a'b.{suffix}" for suffix in ("csv", "vtt", "eaf")]
    expected = [(s.start, s.end, s.name) for s in segments]
    assert read_vtt(files[1]) == read_eaf(files[2]) == expected
    table = [(*row[:2], row[2].replace("cluster -1", "no action")) for row in read_csv(files[0])]
    assert table == expected
    for (_, end, _), (start, _, _) in itertools.pairwise(expected):
        assert end == start
    borders = 3599.5 + (np.flatnonzero(np.diff(labels)) + 1) / 15
    np.testing.assert_allclose([s.start for s in segments[1:]], borders, atol=0.0005001)


def test_exports_carry_names(tmp_path):
    """Neighbors of one name are one segment; a cluster without a name is called as ever."""
    segments = segments_of(np.array([2, 2, 0, 5, -1, 2]), 1.0)
    write_exports(tmp_path, "x", segments, None, {2: "rest, up", 0: "rest, up"})
    expected = [(0, 3, "rest, up"), (3, 4, "cluster 5"), (4, 5, "no action"), (5, 6, "rest, up")]
    assert read_vtt(tmp_path / "x.vtt") == read_eaf(tmp_path / "x.eaf") == expected
    rows = (tmp_path / "x.csv").read_text().splitlines()
    assert rows[1:3] == ['0.000,3.000,"rest, up"', "3.000,4.000,5"]


def test_elan_finds_the_video(tmp_path):
    source = tmp_path / "films" / "l'été 100% & 茶.mkv"
    folder = tmp_path / "out" / "tea"
    write_exports(folder, "x", [TimedSegment(0, 1, 0)], source)
    media = linked_media(folder / "x.eaf")
    assert media["MEDIA_URL"] == f"file://{source}" and media["MIME_TYPE"] == "video/x-matroska"
    assert (folder / media["RELATIVE_MEDIA_URL"]).resolve() == source


def test_an_export_takes_the_place_of_an_older_one(tmp_path):
    for end in (1, 2):
        write_exports(tmp_path, "x", [TimedSegment(0, end, 0)], None)
    assert read_eaf(tmp_path / "x.eaf") == [(0, 2, "cluster 0")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.eaf", "x.vtt"]


def test_the_text_of_a_cue_cannot_end_it(tmp_path):
    text = "a --> b & <i>c</i>\n\n2\nd"
    path = tmp_path / "x.vtt"
    write_vtt(path, [Segment(0, 1, text), Segment(1, 2, "e")])
    assert len(read_vtt(path)) == 2
    assert "a --&gt; b &amp; &lt;i&gt;c&lt;/i&gt; 2 d\n" in path.read_text()


def test_timestamps_carry():
    assert timestamp(59.9996) == "00:01:00.000"
    assert timestamp(360_000.25) == "100:00:00.250"
