"""Tables of segments as BORIS, ELAN, Audacity, Breakfast, jaxseg and people write them."""

import pandas as pd
import pytest

from jaxseg.formats.annotations.annotation import FRAMES, SECONDS, UNNAMED, Labels
from jaxseg.formats.annotations.exports import audacity, csv_tables
from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, TimedSegment
from jaxseg.formats.annotations.reader import read_annotations

WALK_AND_RUN = [(0.5, 1.5, "walk"), (1.5, 3.25, "run")]

# BORIS 7 and 8: a header over the table, states as START and STOP in the column Status.
OLD_EVENTS = """Observation id,day 1,,,,,,,
,,,,,,,,
Media file(s),,,,,,,,
Player #1,films/mouse1.mp4,,,,,,,
Time offset (s),0.0,,,,,,,
Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status
0.500,films/mouse1.mp4,9.960,25.0,m,walk,,,START
1.500,films/mouse1.mp4,9.960,25.0,m,walk,,,STOP
1.500,films/mouse1.mp4,9.960,25.0,m,run,,,START
2.000,films/mouse1.mp4,9.960,25.0,m,sniff,,,POINT
3.250,films/mouse1.mp4,9.960,25.0,m,run,,,STOP
"""
NEW_HEADER = (
    "Observation id\tObservation date\tDescription\tObservation duration\tObservation type\t"
    "Source\tTime offset (s)\tMedia duration (s)\tFPS\tSubject\tBehavior\tBehavioral category\t"
    "Modifier #1\t"
)
NEW_ROW = (
    "day 1\t2024-01-01\t\t3\tMedia file(s)\tplayer #1:mouse1.mp4\t0\t9.960\t25.000\tm\t{}\t\t{}\t"
)
NEW_EVENTS = (
    NEW_HEADER
    + "Behavior type\tTime\tMedia file name\tImage index\tImage file path\tComment\n"
    + "".join(
        NEW_ROW.format(name, "") + f"{act}\t{time}\tfilms/mouse1.mp4\t12\tNA\t\n"
        for name, act, time in [
            ("walk", "START", 0.5),
            ("walk", "STOP", 1.5),
            ("run", "START", 1.5),
            ("sniff", "POINT", 2),
            ("run", "STOP", 3.25),
        ]
    )
)
AGGREGATED = (
    NEW_HEADER
    + "Behavior type\tStart (s)\tStop (s)\tDuration (s)\tMedia file name\tComment start\t"
    + "Comment stop\n"
    + NEW_ROW.format("walk", "fast")
    + "STATE\t0.500\t1.500\t1.000\tfilms/mouse1.mp4\t\t\n"
    + NEW_ROW.format("run", "")
    + "STATE\t1.500\t3.250\t1.750\tfilms/mouse1.mp4\t\t\n"
    + NEW_ROW.format("sniff", "")
    + "POINT\t2.000\t2.000\tNA\tfilms/mouse1.mp4\t\t\n"
)
ELAN_HEADER = (
    "Tier\tParticipant\tBegin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tBegin Time - msec\t"
)
ELAN = {
    "elan without names": "m\t\t00:00:00.500\t0.5\t00:00:01.500\t1.5\t00:00:01.000\t1.0\twalk\n"
    "m\t\t00:00:01.500\t1.5\t00:00:03.250\t3.25\t00:00:01.750\t1.75\trun\n",
    "elan, one unit": "m\t\t500\t1500\t1000\twalk\nm\t\t1500\t3250\t1750\trun\n",
    "elan with names": '"#file:///home/films/mouse1.eaf"\n'
    + ELAN_HEADER
    + "End Time - hh:mm:ss.ms\tEnd Time - ss.msec\tEnd Time - msec\tAnnotation\n"
    + "m\tp\t00:00:00.500\t0.5\t500\t00:00:01.500\t1.5\t1500\twalk\n"
    + "m\tp\t00:00:01.500\t1.5\t1500\t00:00:03.250\t3.25\t3250\trun\n",
    "elan, a column a tier": "Begin Time - msec\tEnd Time - msec\tDuration - msec\tm\n"
    "500\t1500\t1000\twalk\n1500\t3250\t1750\trun\n",
    "elan by its clock": "Begin Time - hh:mm:ss.ms\tEnd Time - hh:mm:ss.ms\tm\n"
    "00:00:00.500\t00:00:01.500\twalk\n00:00:01.500\t00:00:03.250\trun\n",
}
IN_SECONDS = {
    "boris events": OLD_EVENTS,
    "boris events of version 9": NEW_EVENTS,
    "boris aggregated": AGGREGATED,
    **ELAN,
    "audacity": "0.500000\t1.500000\twalk\n\\\t100.0\t2000.0\n1.500000\t3.250000\trun\n",
    "plain": "start,end,label\n0.5,1.5,walk\n1.5,3.25,run\n",
    "no names": "0.5,1.5,walk\n1.5,3.25,run\n",
    "bids": "onset\tduration\ttrial_type\n0.5\t1.0\twalk\n1.5\t1.75\trun\n",
    "milliseconds": "start_ms,stop_ms,action\n500,1500,walk\n1500,3250,run\n",
    "clock": "Action;Start;End\nwalk;0:00.5;0:01.5\nrun;0:01.5;0:03.25\n",
    "decimal commas": "Start;Stop;Behavi" + "our\n0,5;1,5;walk\n1,5;3,25;run\n",
    "camels": "startTime,endTime,className,class\n0.5,1.5,x,walk\n1.5,3.25,x,run\n",
    "a byte-order mark": "\ufeffstart,end,label\r\n0.5,1.5,walk\r\n1.5,3.25,run\r\n",
}


def spans(annotations):
    return [(each.start, each.stop, each.label) for each in annotations.spans]


def read(tmp_path, text, name="mouse1.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_annotations(path)


@pytest.mark.parametrize("case", IN_SECONDS)
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a"])
def test_segments_in_seconds(tmp_path, case, name):
    (annotations,) = read(tmp_path, IN_SECONDS[case], name).values()
    assert spans(annotations) == WALK_AND_RUN
    if case not in ("plain", "no names", "bids", "camels", "decimal commas"):
        assert annotations.unit == SECONDS
    if "boris" in case:
        assert annotations.names == ("day 1", "mouse1") and annotations.tiers == ["m"]
        assert annotations.fps == 25
        assert annotations.left_out == ({} if case == "boris" else {"point events": 1})


@pytest.mark.parametrize(
    ("text", "expected", "unit"),
    [
        ("1-30 SIL\n31-150 take cup\n", [(0, 30, "SIL"), (30, 150, "take cup")], FRAMES),
        ("start_frame,end_frame,label\n0,30,a\n30,40,b\n", [(0, 30, "a"), (30, 40, "b")], FRAMES),
        ("Start (frame),end,label\n0,30,a\n30,40,b\n", [(0, 30, "a"), (30, 40, "b")], FRAMES),
        ("start,end,label\n0,30,a\n30,40,b\n", [(0, 30, "a"), (30, 40, "b")], UNNAMED),
        ("0\t30\ta\n30\t40\tb\n", [(0, 30, "a"), (30, 40, "b")], UNNAMED),
        ("0-30 a\n30-40 b\n", [(0, 30, "a"), (30, 40, "b")], FRAMES),
        ("0-29 a\n30-39 b\n", [(0, 30, "a"), (30, 40, "b")], FRAMES),
        (
            "time,label\n0,a\n2,b\n5,a\n",
            [(0, 2, "a"), (2, 5, "b"), (5, float("inf"), "a")],
            SECONDS,
        ),
        ("start,label\n0,a\n2.5,b\n", [(0, 2.5, "a"), (2.5, float("inf"), "b")], SECONDS),
    ],
)
def test_other_units_and_ends(tmp_path, text, expected, unit):
    annotations = read(tmp_path, text)[""]
    assert spans(annotations) == expected and annotations.unit == unit


def test_several_recordings_in_one_table(tmp_path):
    table = pd.DataFrame(
        {
            "Video": ["C:\\films\\m1.mp4", "m2.avi", "m2.avi"],
            "start": [0.0, 0.0, 1.5],
            "end": [2.5, 1.5, 2.0],
            "label": ["walk", "run", "a, b"],
        }
    )
    table.to_csv(tmp_path / "all.csv", index=False)
    found = read_annotations(tmp_path / "all.csv")
    assert {name: spans(each) for name, each in found.items()} == {
        "m1": [(0, 2.5, "walk")],
        "m2": [(0, 1.5, "run"), (1.5, 2, "a, b")],
    }


@pytest.mark.parametrize(
    "text",
    ["label\nwalk\nwalk\nrun\n", "frame,label\n0,walk\n1,walk\n2,run\n", "walk\nwalk\nrun\n"],
)
def test_a_label_a_row(tmp_path, text):
    assert read(tmp_path, text) == Labels(("walk", "walk", "run"))


def test_what_is_left_out_is_counted(tmp_path):
    annotations = read(tmp_path, "start,end,label\n0,1.5,a\n2,,b\n3,3,c\n4,5,\n")[""]
    assert spans(annotations) == [(0, 1.5, "a")]
    assert annotations.left_out == {
        "point events": 1,
        "segments without an end": 1,
        "segments without a label": 1,
    }
    text = NEW_EVENTS.replace("walk\t\t\tSTOP", "walk\t\t\tSTART")
    assert read(tmp_path, text)["day 1"].left_out["starts or stops without the other"] == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("start,end,label\n0,1,a\n3,x,b\n", ["line 3", "'x' is no time"]),
        ("start,end,label\n0,1,a\n3,2,b\n", ["line 3", "'b' ends at 2, before it starts at 3"]),
        ("start,end,label\n0,1e300,a\n", ["line 2", "1e300"]),
        ("start,end,label\n0,nan,a\n0.5,inf,b\n", ["line 3", "'inf' is no time"]),
        ("start,end,label\n0,1,#a\n", ["line 2", "'#a'", "cannot begin with '#'"]),
        ("start,end\n0,1\n", ["no column of labels", "call it label"]),
        ("start,ende,label\n0,1,a\n", ["no column of ends", "is it 'ende'?"]),
        ("a,b,c\n1,2,x\n", ["no table of segments", "start, end and label"]),
        (
            OLD_EVENTS.replace("POINT", "PAUSE"),
            ["line 10", "'PAUSE' in place of START, STOP, POINT"],
        ),
        ("1-30 SIL\n40-3 x\n", ["line 2", "before it starts"]),
    ],
)
def test_broken_tables(tmp_path, text, parts):
    with pytest.raises(ValueError) as error:
        read(tmp_path, text)
    message = str(error.value)
    assert "mouse1.csv" in message and len(message.splitlines()) == 1
    assert all(part in message for part in parts), message


def test_own_tables(tmp_path):
    segments = [TimedSegment(0.5, 1.5, 0), TimedSegment(1.5, 3.25, 2)]
    recording = Segmented("mouse1", None, segments)
    clusters = Clusters(3, {0: "walk, slowly"})
    for write, name, rest in (
        (csv_tables.write, "a.csv", "2"),
        (audacity.write, "a.txt", "cluster 2"),
    ):
        write(tmp_path / name, recording, clusters)
        annotations = read_annotations(tmp_path / name)[""]
        assert spans(annotations) == [(0.5, 1.5, "walk, slowly"), (1.5, 3.25, rest)]
