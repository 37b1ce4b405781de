"""Random damage to every format of annotations is a result or one line, never anything else."""

import json
import random

import h5py
import pytest
from test_segment_documents import EAF_HEAD, PROJECT, SUBTITLES
from test_segment_tables import IN_SECONDS

from jaxseg.formats.annotations.painting import paint
from jaxseg.formats.annotations.reader import Labels, read_annotations

EAF = (
    EAF_HEAD
    + """<ANNOTATION_DOCUMENT><HEADER><MEDIA_DESCRIPTOR MEDIA_URL="file:///a.mp4"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/>
<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1500"/></TIME_ORDER>
<TIER TIER_ID="t"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1"
TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>walk</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
</TIER><TIER TIER_ID="u"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1">
<ANNOTATION_VALUE>why</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""
)
XML = '<MotionLabeling><MotionLabel name="SIL" startPoint="1" endPoint="30"/></MotionLabeling>'
FILES = {f"{name}.csv": text.encode() for name, text in IN_SECONDS.items()}
TEXTS = {
    "coarse.txt": "1-30 SIL\n31-150 take cup\n",
    "project.boris": json.dumps(PROJECT),
    "a.eaf": EAF,
    "a.xml": XML,
    "a.vtt": SUBTITLES,
    "labels.txt": "walk\nwalk\nrun\n",
}
FILES |= {name: text.encode() for name, text in TEXTS.items()}
VALUES = [
    b"",
    b"nan",
    b"-1",
    b"1e400",
    b"\xff",
    b"\x00",
    b'"',
    b"\t",
    b"\n",
    b"<",
    b"{",
    b"99999999999",
]


def nwb(path) -> bytes:
    """A file of segments in HDF5."""
    with h5py.File(path, "w") as file:
        bouts = file.create_group("processing/behavior/bouts")
        bouts["start_time"], bouts["stop_time"] = [0.5, 1.5], [1.5, 3.25]
        bouts["label"] = ["walk", "run"]
    return path.read_bytes()


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Bytes changed, cut or put in, lines exchanged, or values replaced."""
    at, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    lines = content.split(b"\n")
    cells = content.split(b",") if b"," in content else content.split(b"\t")
    match chance.randrange(5):
        case 0:
            return content[:at] + chance.choice(VALUES) + content[end:]
        case 1:
            return content[:at]
        case 2:
            chance.shuffle(lines)
            return b"\n".join(lines)
        case 3:
            cells[chance.randrange(len(cells))] = chance.choice(VALUES)
            return (b"," if b"," in content else b"\t").join(cells)
        case _:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [*FILES, "a.nwb"])
def test_damaged_files(tmp_path, name, count):
    chance = random.Random(name)
    path = tmp_path / name
    whole = FILES.get(name) or nwb(path)
    for _ in range(count):
        content = damaged(whole, chance)
        path.write_bytes(content)
        try:
            found = read_annotations(path)
            for each in () if isinstance(found, Labels) else found.values():
                paint(path, each.spans, 25.0, 100)
        except ValueError as error:
            text = str(error)
            assert str(path) in text and len(text.splitlines()) == 1 and len(text) < 700, content
