"""Annotations in documents: BORIS' projects, ELAN's EAF, NWB, Breakfast's XML, subtitles."""

import re
import xml.etree.ElementTree as xml
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jaxseg.formats.annotations.annotation import (
    FRAMES,
    SECONDS,
    Annotations,
    Span,
    lasting,
    make_span,
    parse_time,
)
from jaxseg.formats.annotations.tables import stem
from jaxseg.formats.files import read_json, read_text
from jaxseg.formats.names import clip, reason

NO_SUBJECT = "No focal subject"  # what BORIS calls an event of none
CUE = re.compile(r"([\d:.,]+)\s+-->\s+([\d:.,]+)")
NWB_LABELS = ("label", "behavior", "behavior_name", "event_name", "tags")
MARKUP = re.compile("<[^>]*>")


def read_boris(path: Path) -> dict[str, Annotations]:
    """The observations of a BORIS project by their names.

    States are toggled: of two events of a behavior of one subject the first is its start. Times
    are those of the media: a time offset of the observation is taken away.
    """
    project = read_json(path)
    try:
        behaviors = {
            each["code"]: str(each["type"]).lower().startswith("point")
            for each in project["behaviors_conf"].values()
        }
        observations = project["observations"].items()
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a BORIS project ({_lacking(error)})") from None
    read = {}
    for name, observation in observations:
        where = f"{path}: observation {clip(name)}"
        try:
            read[name] = _observation(where, name, observation, behaviors)
        except (AttributeError, KeyError, TypeError, IndexError) as error:
            raise ValueError(f"{where} is not as BORIS writes it ({_lacking(error)})") from None
    return read


def _lacking(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _observation(
    where: str, name: str, observation: Mapping[str, Any], behaviors: Mapping[str, bool]
) -> Annotations:
    offset = _number(where, observation.get("time offset") or 0)
    begun: dict[tuple[str, ...], float] = {}
    spans = []
    for event in observation["events"]:
        if len(event) < 4 or not all(isinstance(each, str) for each in event[1:4]):
            raise ValueError(f"{where}: {clip(event)} is no event: time, subject, code, modifier")
    for event in sorted(observation["events"], key=lambda each: _number(where, each[0])):
        subject, code, modifier = event[1:4]
        subject = subject or NO_SUBJECT
        time = _number(where, event[0]) - offset
        key = (subject, code, modifier)
        if behaviors.get(code, False):
            spans.append(make_span(where, time, time, code, subject))
        elif key in begun:
            spans.append(make_span(where, begun.pop(key), time, code, subject))
        else:
            begun[key] = time
    spans, left_out = lasting(spans, segments_without_an_end=len(begun))
    files = observation.get("file") or {}
    media = [file for files in files.values() for file in files] if isinstance(files, dict) else []
    rates = {*((observation.get("media_info") or {}).get("fps") or {}).values()}
    return Annotations(
        spans,
        SECONDS,
        (name, *(stem(str(file)) for file in media)),
        left_out,
        (),
        float(rates.pop()) if len(rates) == 1 else None,
    )


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where}: {clip(value)} is no time")
    try:
        return parse_time(str(value))
    except ValueError:
        raise ValueError(f"{where}: {clip(value)} is no time") from None


def read_eaf(path: Path) -> dict[str, Annotations]:
    """The annotations of all tiers of an ELAN document, those of dependent tiers included."""
    root = _parse(path)
    slots = {}
    for slot in root.iter("TIME_SLOT"):
        if slot.get("TIME_VALUE") is not None:
            text = slot.get("TIME_VALUE")
            try:
                slots[slot.get("TIME_SLOT_ID")] = parse_time(text, 0.001)
            except ValueError:
                raise ValueError(f"{path}: time slot {clip(text)} is no time") from None
    parents, times, spans, empty, lost = {}, {}, [], 0, 0
    annotations = []
    for tier in root.iter("TIER"):
        for each in tier.iter():
            if each.tag not in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"):
                continue
            name = each.get("ANNOTATION_ID")
            annotations.append((name, tier.get("TIER_ID") or "", _text(each)))
            ends = [each.get(f"TIME_SLOT_REF{number}") for number in (1, 2)]
            if each.tag == "REF_ANNOTATION":
                parents[name] = each.get("ANNOTATION_REF")
            elif all(end in slots for end in ends):
                times[name] = [slots[end] for end in ends]
    for name, tier, label in annotations:
        owner = _owner(name, parents)
        empty += not label
        lost += owner not in times
        if label and owner in times:
            where = f"{path}: annotation {clip(name)} of tier {clip(tier)}"
            spans.append(make_span(where, *times[owner], label, tier))
    spans, left_out = lasting(
        spans, segments_without_a_label=empty, annotations_without_a_time=lost
    )
    media = [each.get("MEDIA_URL") or "" for each in root.iter("MEDIA_DESCRIPTOR")]
    return {"": Annotations(spans, SECONDS, tuple(stem(each) for each in media if each), left_out)}


def _owner(name: str, parents: Mapping[str, str]) -> str:
    """The annotation with a time that a dependent one belongs to."""
    passed = set()
    while name in parents and name not in passed:
        passed.add(name)
        name = parents[name]
    return name


def _text(annotation: xml.Element) -> str:
    value = annotation.find("ANNOTATION_VALUE")
    return " ".join((value.text or "").split()) if value is not None else ""


def read_breakfast_xml(path: Path) -> dict[str, Annotations]:
    """Breakfast's coarse annotation as XML: frames counted from 1, both ends included."""
    root = _parse(path)
    spans = []
    for number, each in enumerate(root.iter("MotionLabel"), start=1):
        where = f"{path}: label {number}"
        name, first, last = (each.get(key) or "" for key in ("name", "startPoint", "endPoint"))
        if not (first.isdecimal() and last.isdecimal()):
            raise ValueError(f"{where}: frames {clip(first)} to {clip(last)} are no numbers")
        spans.append(make_span(where, parse_time(first) - 1, parse_time(last), name))
    if not spans:
        raise ValueError(f"{path}: no MotionLabel in it, as Breakfast's annotation has them")
    return {"": Annotations(tuple(spans), FRAMES)}


def _parse(path: Path) -> xml.Element:
    """The root of an XML document in UTF-8."""
    text = read_text(path)
    try:
        # Bytes, since a text may not say what encoding it has; `read_text` has checked it.
        return xml.fromstring(text.encode())
    except (xml.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"{path}: not valid XML: {error}") from None


def read_subtitles(path: Path) -> dict[str, Annotations]:
    """The cues of WebVTT or SubRip, whose text is the label."""
    spans = []
    for start, stop, label in _cues(path, read_text(path)):
        where = f"{path}: cue at {start}"
        try:
            begin, end = parse_time(start), parse_time(stop)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        spans.append(make_span(where, begin, end, label))
    if not spans:
        raise ValueError(f"{path}: no cue in it")
    spans, left_out = lasting(spans)
    return {"": Annotations(spans, SECONDS, (), left_out)}


def _cues(path: Path, text: str) -> Iterator[tuple[str, str, str]]:
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().split("\n")
        at = next((at for at, line in enumerate(lines) if CUE.match(line.strip())), None)
        if at is None:
            continue
        start, stop = CUE.match(lines[at].strip()).groups()
        label = MARKUP.sub("", " ".join(lines[at + 1 :]))
        for mark, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
            label = label.replace(mark, character)
        if not label.strip():
            raise ValueError(f"{path}: no label in the cue at {start}")
        yield start, stop, label


def read_nwb(path: Path) -> dict[str, Annotations]:
    """The tables of intervals with labels in an NWB file, such as the bouts of ndx-ethogram.

    Several tables are tiers, called as they are.
    """
    import h5py

    tables: dict[str, list[Span]] = {}

    def look(name: str, node: Any) -> None:
        if not isinstance(node, h5py.Group) or not {"start_time", "stop_time"} <= node.keys():
            return
        if column := next((each for each in NWB_LABELS if each in node), None):
            labels = node[column].asstr()[:]
            times = (node[key][:].astype(float) for key in ("start_time", "stop_time"))
            tier = name.rpartition("/")[2]
            tables[name] = [
                make_span(f"{path}: {name}, row {row}", *span, tier)
                for row, span in enumerate(zip(*times, labels, strict=True))
            ]

    try:
        with h5py.File(path, "r") as file:
            file.visititems(look)
    except ValueError as error:
        message = " ".join(str(error).split())
        raise ValueError(message if str(path) in message else f"{path}: {message}") from None
    except Exception as error:  # h5py raises all kinds for damaged files
        raise ValueError(f"{path}: not a whole NWB file ({reason(error)})") from None
    if not tables:
        raise ValueError(f"{path}: no table with start_time, stop_time and {NWB_LABELS[0]} in it")
    spans, left_out = lasting(span for table in tables.values() for span in table)
    return {"": Annotations(spans, SECONDS, (), left_out)}
