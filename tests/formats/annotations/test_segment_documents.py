"""BORIS' projects, ELAN's documents, Breakfast's XML and subtitles."""

import json
from pathlib import Path

import numpy as np
import pympi
import pytest

from jaxseg.formats.annotations.annotation import FRAMES, SECONDS, choose_tier
from jaxseg.formats.annotations.exports import FORMATS, write_exports
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, segments_of
from jaxseg.formats.annotations.reader import read_annotations, recording_of

XML = Path(__file__).resolve().parents[3] / "../shared/data/breakfast_coarse_xml.tar.gz"
PROJECT = {
    "project_format_version": "7.0",
    "behaviors_conf": {
        "0": {"code": "walk", "type": "State event"},
        "1": {"code": "run", "type": "State event with coding map"},
        "2": {"code": "peck", "type": "Point event"},
    },
    "observations": {
        "day 1": {
            "type": "MEDIA",
            "file": {"1": ["films/hen1.mp4"], "2": []},
            "time offset": 10.0,
            "media_info": {"fps": {"films/hen1.mp4": 25.0}},
            "events": [
                [10.5, "a", "walk", "", "", 12],
                [13.25, "a", "run", "", "", 81],
                [11.5, "a", "walk", "", "", 37],
                [11.5, "a", "run", "", "", 37],
                [12.0, "b", "peck", "", "", 50],
                [14.0, "b", "walk", "", "", 100],
            ],
        },
        "live": {"type": "LIVE", "file": [], "time offset": 0, "events": []},
    },
}
EAF_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
SUBTITLES = "WEBVTT\n\n1\n00:00:00.500 --> 00:00:01.500\nwalk &amp; <i>talk</i>\n\n"


def spans(annotations):
    return [(each.start, each.stop, each.label, each.tier) for each in annotations.spans]


def test_a_boris_project(tmp_path):
    (tmp_path / "p.boris").write_text(json.dumps(PROJECT))
    found = read_annotations(tmp_path / "p.boris")
    assert list(found) == ["day 1", "live"] and not found["live"].spans
    day = found["day 1"]
    assert spans(day) == [(0.5, 1.5, "walk", "a"), (1.5, 3.25, "run", "a")]
    assert day.names == ("day 1", "hen1") and day.unit == SECONDS and day.fps == 25
    assert day.left_out == {"point events": 1, "segments without an end": 1}


def test_an_elan_document_of_pympi(tmp_path):
    document = pympi.Elan.Eaf()
    document.add_tier("hands")
    document.add_tier("gaze")
    document.add_linguistic_type("child", constraints="Symbolic_Association")
    document.add_tier("reason", ling="child", parent="hands")
    document.add_annotation("hands", 500, 1500, "grasp  it")
    document.add_annotation("hands", 1500, 3250, "lift")
    document.add_annotation("gaze", 0, 700, "")
    document.add_annotation("gaze", 700, 3000, "cup")
    document.add_ref_annotation("reason", "hands", 1600, "to drink")
    document.add_linked_file("file:///films/P1.mp4", mimetype="video/mp4")
    document.to_file(tmp_path / "p.eaf")
    (found,) = read_annotations(tmp_path / "p.eaf").values()
    assert found.tiers == ["gaze", "hands", "reason"] and found.names == ("P1",)
    assert found.left_out == {"segments without a label": 1}
    hands = choose_tier("p.eaf", found, "hands")
    assert spans(hands) == [(0.5, 1.5, "grasp it", "hands"), (1.5, 3.25, "lift", "hands")]
    expected = pympi.Elan.Eaf(tmp_path / "p.eaf").get_annotation_data_for_tier("hands")
    assert [(a, b) for a, b, *_ in sorted(expected)] == [(500, 1500), (1500, 3250)]
    assert spans(choose_tier("p.eaf", found, "reason")) == [(1.5, 3.25, "to drink", "reason")]
    with pytest.raises(ValueError, match=r"p.eaf: data.tier: there is no 'hand'; there is hands"):
        choose_tier("p.eaf", found, "hand")


def test_breakfast_as_xml(tmp_path):
    text = (
        '<MotionLabeling author="x">\n<Limb name="whole_body">\n'
        '<MotionLabel name="SIL" startPoint="1" endPoint="30"/>\n'
        '<MotionLabel name="take_cup" startPoint="31" endPoint="150"/>\n</Limb>\n</MotionLabeling>'
    )
    (tmp_path / "a.xml").write_text(text)
    (found,) = read_annotations(tmp_path / "a.xml").values()
    assert spans(found) == [(0, 30, "SIL", ""), (30, 150, "take_cup", "")] and found.unit == FRAMES


@pytest.mark.skipif(not XML.is_file(), reason=f"no annotation at {XML}")
def test_the_published_xml_of_breakfast(tmp_path):
    """Every one of its segments begins where the one before it ends."""
    import tarfile

    with tarfile.open(XML) as archive:
        members = [each for each in archive.getmembers() if "/tea/P0" in each.name]
        archive.extractall(tmp_path, members, filter="data")
    files = sorted(tmp_path.rglob("*.xml"))
    assert len(files) == len(members) > 10
    for file in files:
        (found,) = read_annotations(file).values()
        edges = [each.stop for each in found.spans]
        assert [each.start for each in found.spans] == [0, *edges[:-1]]


@pytest.mark.parametrize("name", ["a.vtt", "a.srt"])
def test_subtitles(tmp_path, name):
    text = SUBTITLES if name == "a.vtt" else SUBTITLES[8:].replace(".", ",")
    (tmp_path / name).write_text(text)
    (found,) = read_annotations(tmp_path / name).values()
    assert spans(found) == [(0.5, 1.5, "walk & talk", "")]


@pytest.mark.parametrize("form", ["csv", "vtt", "eaf", "boris", "nwb", "audacity"])
def test_own_exports_are_read_back(tmp_path, form):
    labels = np.repeat([1, 0, 2, 1], [25, 10, 40, 25])
    recordings = [Segmented(name, labels, segments_of(labels, 10)) for name in ("a", "b c")]
    clusters = Clusters(3, {0: "walk, fast", 1: "rest", 2: "run"})
    write_exports(tmp_path, recordings, clusters, [form])
    found = {}
    for path in tmp_path.iterdir():
        for name, each in read_annotations(path).items():
            found[name or recording_of(path)] = each
    assert sorted(found) == ["a", "b c"] and form in FORMATS
    for each in found.values():
        assert sorted((span.start, span.stop, span.label) for span in each.spans) == [
            (0, 2.5, "rest"),
            (2.5, 3.5, "walk, fast"),
            (3.5, 7.5, "run"),
            (7.5, 10, "rest"),
        ]


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("a.boris", "{}", ["not a BORIS project", "no 'behaviors_conf'"]),
        ("a.boris", "[", ["not valid JSON"]),
        (
            "a.boris",
            json.dumps(PROJECT).replace("[10.5,", '["x",'),
            ["observation 'day 1'", "'x' is no time"],
        ),
        (
            "a.boris",
            json.dumps(PROJECT).replace('[10.5, "a", "walk"', "[10.5"),
            ["observation 'day 1'"],
        ),
        ("a.eaf", "<a>", ["not valid XML"]),
        ("a.eaf", EAF_HEAD + '<A><TIME_SLOT TIME_VALUE="x"/></A>', ["'x' is no time"]),
        ("a.xlsx", "PK", ["a spreadsheet: save it as CSV"]),
        ("a.TextGrid", "File type", ["Praat's TextGrid", ".eaf"]),
        ("a.nwb", "<a/>", ["not a whole NWB file"]),
        ("a.xml", "<a/>", ["no MotionLabel"]),
        ("a.vtt", "WEBVTT\n\n", ["no cue"]),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n", ["no label in the cue at 00:01.000"]),
    ],
)
def test_broken_documents(tmp_path, name, text, parts):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError) as error:
        read_annotations(tmp_path / name)
    message = str(error.value)
    assert str(tmp_path / name) in message and len(message.splitlines()) == 1
    assert all(part in message for part in parts), message
