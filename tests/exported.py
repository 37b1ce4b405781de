"""Exports of segments, read by the libraries of the programs that they are for."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pympi
import pynwb
import webvtt


def read_csv(path: Path) -> list[tuple[float, float, str]]:
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert header == "start,end,label"
    parts = (row.split(",") for row in rows)
    return [(float(start), float(end), f"cluster {label}") for start, end, label in parts]


def read_vtt(path: Path) -> list[tuple[float, float, str]]:
    return [(_seconds(cue.start), _seconds(cue.end), cue.text) for cue in webvtt.read(str(path))]


def _seconds(timestamp: str) -> float:
    hours, minutes, seconds = timestamp.split(":")
    return round(3600 * int(hours) + 60 * int(minutes) + float(seconds), 3)


def read_eaf(path: Path) -> list[tuple[float, float, str]]:
    document = pympi.Elan.Eaf(str(path))
    assert list(document.get_tier_names()) == ["jaxseg"]
    result = sorted(document.get_annotation_data_for_tier("jaxseg"))
    return [(start / 1000, end / 1000, value) for start, end, value in result]


def linked_media(path: Path) -> dict[str, str]:
    """The media descriptor of an .eaf file."""
    return ElementTree.parse(path).find("HEADER/MEDIA_DESCRIPTOR").attrib


def read_audacity(path: Path) -> list[tuple[float, float, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(float(start), float(end), label) for start, end, label in rows]


def read_nwb(path: Path) -> tuple[list[tuple[float, float, str]], dict[int, str]]:
    """The bouts, and the name of each native code in the catalog that they link to."""
    assert not pynwb.validate(path=str(path))
    with pynwb.NWBHDF5IO(str(path), "r") as file:
        bouts = file.read().processing["behavior"]["bouts"]
        assert bouts.labeling_method == "automated" and bouts.ethogram.exclusive
        table, catalog = bouts.to_dataframe(), bouts.ethogram.to_dataframe()
    assert set(table["label"]) <= set(catalog["behavior"])
    rows = table[["start_time", "stop_time", "label"]].itertuples(index=False, name=None)
    return list(rows), dict(zip(catalog["native_code"], catalog["behavior"], strict=True))


def read_boris(path: Path) -> dict[str, list[tuple[float, float, str]]]:
    """Observation -> its states, paired as BORIS pairs them: by subject, behavior and modifiers."""
    project = json.loads(path.read_bytes().decode("ascii"))
    kinds = {each["code"]: each["type"] for each in project["behaviors_conf"].values()}
    assert len(kinds) == len(project["behaviors_conf"]) and set(kinds.values()) == {"State event"}
    observations = {}
    for name, observation in project["observations"].items():
        began, states = {}, []
        # BORIS sorts by the first three when it opens a project.
        for time, *what in sorted(observation["events"], key=lambda event: event[:3]):
            code = what[1]
            assert kinds[code] and len(what) == (5 if observation["type"] == "MEDIA" else 4)
            if code in began:
                states.append((began.pop(code), time, code))
            else:
                began[code] = time
        assert not began
        observations[name] = sorted(states)
    return observations
