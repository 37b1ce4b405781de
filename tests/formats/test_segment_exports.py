"""Segments in every format, read back by other people's programs."""

import itertools
import json
import sys

import numpy as np
import pytest
from exported import (
    linked_media,
    read_audacity,
    read_boris,
    read_csv,
    read_eaf,
    read_nwb,
    read_vtt,
)

from jaxseg.config.shared import SEGMENT_FORMATS
from jaxseg.footage.record import longest
from jaxseg.formats.annotations import exports
from jaxseg.formats.annotations.exports import FORMATS, write_exports
from jaxseg.formats.annotations.exports.segments import (
    Clusters,
    Segmented,
    segments_of,
)
from jaxseg.formats.annotations.exports.vtt import timestamp
from jaxseg.formats.annotations.reader import read_annotations, recording_of

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


def make(labels, fps=1.0, name="x", source=None, **changes) -> Segmented:
    """A recording of these labels."""
    labels = np.asarray(labels)
    segments = segments_of(labels, fps, **changes)
    return Segmented(name, labels, segments, source, **changes)


def test_all_formats_tell_the_same(tmp_path):
    """Rows of a fifteenth of a second have no whole milliseconds; no border may open or overlap."""
    labels = np.random.default_rng(0).integers(-1, 12, 300)
    source = tmp_path / "the films" / "été & <b>.mp4"
    recording = make(labels, 15.0, "a'b", source, first=3599.5)  # into the second hour
    folder = tmp_path / "out" / "茶"
    write_exports(folder, [recording], Clusters(12), SEGMENT_FORMATS)
    expected = [(s.start, s.end, s.name) for s in recording.segments]
    assert read_vtt(folder / "a'b.vtt") == read_eaf(folder / "a'b.eaf") == expected
    assert read_audacity(folder / "a'b.audacity.txt") == expected
    rows = read_csv(folder / "a'b.csv")
    table = [(*row[:2], row[2].replace("cluster -1", "no action")) for row in rows]
    assert table == expected
    for (_, end, _), (start, _, _) in itertools.pairwise(expected):
        assert end == start
    borders = 3599.5 + (np.flatnonzero(np.diff(labels)) + 1) / 15
    np.testing.assert_allclose([s.start for s in recording.segments[1:]], borders, atol=0.0005001)
    actions = [each for each in expected if each[2] != "no action"]
    bouts, codes = read_nwb(folder / "a'b.nwb")
    assert bouts == actions and codes == {each: f"cluster {each}" for each in range(12)}
    states = read_boris(folder / "project.boris")["a'b"]
    assert [label for _, _, label in states] == [label for _, _, label in actions]
    since = [(start - 3599.5, end - 3599.5) for start, end, _ in actions]
    np.testing.assert_allclose([each[:2] for each in states], since, atol=1e-9)
    ids = np.loadtxt(folder / "a'b.ids.txt", int)
    np.testing.assert_array_equal(ids, labels)
    names = (folder / "ids.csv").read_text().splitlines()
    assert names == ["id,name", "-1,no action", *(f"{each},cluster {each}" for each in range(12))]


def test_exports_carry_names(tmp_path):
    """Neighbors of one name are one segment; a cluster without a name is called as ever."""
    clusters = Clusters(6, {2: "rest, up", 0: "rest, up"})
    write_exports(tmp_path, [make([2, 2, 0, 5, -1, 2])], clusters, SEGMENT_FORMATS)
    expected = [(0, 3, "rest, up"), (3, 4, "cluster 5"), (4, 5, "no action"), (5, 6, "rest, up")]
    assert read_vtt(tmp_path / "x.vtt") == read_eaf(tmp_path / "x.eaf") == expected
    assert read_audacity(tmp_path / "x.audacity.txt") == expected
    rows = (tmp_path / "x.csv").read_text().splitlines()
    assert rows[1:3] == ['0.000,3.000,"rest, up"', "3.000,4.000,5"]
    actions = [each for each in expected if each[2] != "no action"]
    bouts, codes = read_nwb(tmp_path / "x.nwb")
    others = {each: f"cluster {each}" for each in (1, 3, 4, 5)}
    assert bouts == actions and codes == {0: "rest, up", **others}
    assert read_boris(tmp_path / "project.boris") == {"x": actions}
    assert (tmp_path / "x.ids.txt").read_text().split() == ["0", "0", "0", "5", "-1", "0"]
    assert '0,"rest, up"' in (tmp_path / "ids.csv").read_text().splitlines()


def test_elan_and_boris_find_the_video(tmp_path):
    source = tmp_path / "films" / "l'été 100% & 茶.mkv"
    folder = tmp_path / "out" / "tea"
    recording = make([0, 0], source=source, duration=1.5)._replace(source_fps=25.0)
    write_exports(folder, [recording, make([1], name="y")], Clusters(2), ["eaf", "boris"])
    media = linked_media(folder / "x.eaf")
    assert media["MEDIA_URL"] == f"file://{source}" and media["MIME_TYPE"] == "video/x-matroska"
    assert (folder / media["RELATIVE_MEDIA_URL"]).resolve() == source
    project = json.loads((folder / "project.boris").read_text())
    seen, other = project["observations"].values()
    (path,) = seen["file"]["1"]
    assert (folder / path).resolve() == source and seen["type"] == "MEDIA"
    assert not any(seen["file"][player] for player in "2345678")
    info = seen["media_info"]
    assert info["length"] == {path: 1.5} and info["fps"] == {path: 25} and other["type"] == "LIVE"
    # What BORIS' check of a project asks for, of each media file.
    assert all(info[name].keys() == {path} for name in ("hasVideo", "hasAudio", "display"))


# A project as BORIS 9 makes one when it is asked for a new one.
NEW_PROJECT = {
    *("time_format", "project_date", "project_name", "project_description", "converters"),
    *("project_format_version", "subjects_conf", "behaviors_conf", "observations", "coding_map"),
    *("behavioral_categories", "behavioral_categories_config", "independent_variables"),
    *("behaviors_coding_map",),
}


def test_a_project_has_the_fields_that_boris_reads(tmp_path):
    write_exports(tmp_path, [make([0, 1])], Clusters(40), ["boris"])
    project = json.loads((tmp_path / "project.boris").read_text())
    assert project.keys() == NEW_PROJECT and project["project_format_version"] == "7.0"
    assert list(project["behaviors_conf"]) == [str(number) for number in range(40)]
    keys = [each["key"] for each in project["behaviors_conf"].values() if each["key"]]
    assert len(set(keys)) == len(keys) == 36
    fields = {"type", "key", "code", "description", "category", "modifiers", "excluded"}
    for each in project["behaviors_conf"].values():
        assert each.keys() == fields | {"color", "coding map"} and each["modifiers"] == {}
    (observation,) = project["observations"].values()
    assert observation["events"] == [
        *([0, "", "cluster 0", "", ""], [1, "", "cluster 0", "", ""]),
        *([1, "", "cluster 1", "", ""], [2, "", "cluster 1", "", ""]),
    ]


def test_an_export_takes_the_place_of_an_older_one(tmp_path):
    for length in (1, 2):
        write_exports(tmp_path, [make([0] * length)], Clusters(1), SEGMENT_FORMATS)
    assert read_eaf(tmp_path / "x.eaf") == [(0, 2, "cluster 0")]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("ids.csv", "project.boris", "x.audacity.txt", "x.csv", "x.eaf", "x.ids.txt", "x.nwb"),
        "x.vtt",
    ]


def test_the_text_of_a_cue_or_a_label_cannot_end_it(tmp_path):
    clusters = Clusters(2, {0: "a --> b & <i>c</i>\n\n2\td", 1: "e"})
    write_exports(tmp_path, [make([0, 1])], clusters, ["vtt", "audacity"])
    assert len(read_vtt(tmp_path / "x.vtt")) == 2
    assert "a --&gt; b &amp; &lt;i&gt;c&lt;/i&gt; 2 d\n" in (tmp_path / "x.vtt").read_text()
    first, _ = read_audacity(tmp_path / "x.audacity.txt")
    assert first == (0, 1, "a --> b & <i>c</i> 2 d")


def test_own_output_is_own_input(tmp_path):
    """What is written is read as the truth of the same recording, whichever format it has."""
    clusters = Clusters(3, {0: "rest, up", 1: "a (b)"})
    write_exports(tmp_path, [make([0, 0, 1, 2, 0])], clusters, SEGMENT_FORMATS)
    expected = [(0, 2, "rest, up"), (2, 3, "a (b)"), (3, 4, "cluster 2"), (4, 5, "rest, up")]
    for name in ("project.boris", "x.audacity.txt", "x.csv", "x.eaf", "x.vtt"):
        ((recording, read),) = read_annotations(tmp_path / name).items()
        found = [(*span[:2], span.label) for span in sorted(read.spans)]
        assert read.unit == "seconds" and "x" in (recording, recording_of(tmp_path / name))
        numbers = [(*each[:2], each[2].replace("cluster ", "")) for each in expected]
        assert found == (numbers if name == "x.csv" else expected), name
    ids = read_annotations(tmp_path / "x.ids.txt")
    assert ids.labels == tuple("00120") and recording_of(tmp_path / "x.ids.txt") == "x"


def test_the_config_takes_all_formats():
    assert tuple(FORMATS) == SEGMENT_FORMATS


@pytest.mark.parametrize(
    ("name", "module"),
    [("eaf", "pympi"), ("nwb", "pynwb"), ("nwb", "ndx_ethogram")],
)
def test_a_package_that_is_missing(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(exports.importlib.util, "find_spec", lambda each: each != module or None)
    with pytest.raises(ValueError, match=rf"^key={name} needs .*pip install '\.\[export\]'"):
        exports.check_formats("key", ["csv", name])
    exports.check_formats("key", ["csv", "boris", "frames"])


@pytest.mark.parametrize("name", FORMATS)
def test_seconds_need_a_rate(name):
    if name in ("csv", "frames"):
        exports.check_formats("key", [name], fps=None)
    else:
        with pytest.raises(ValueError, match=rf"^key={name}: .*give --config\.data\.fps=25"):
            exports.check_formats("key", ["csv", name], fps=None)


def test_timestamps_carry():
    assert timestamp(59.9996) == "00:01:00.000"
    assert timestamp(360_000.25) == "100:00:00.250"
