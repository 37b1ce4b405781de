"""Which columns of a table are points of bodies, by their names alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jaxseg.formats.recordings.columns import Table

COORDINATES = {"x": 0, "y": 1, "z": 2}
CONFIDENCES = (
    "likelihood",
    "confidence",
    "visibility",
    "score",
    "conf",
    "vis",
    "prob",
    "p",
    "v",
    "c",
)
FEWEST = 3  # points of a table that is taken for a body
FEWEST_NUMBERED = 17  # the same where points have numbers and no confidence: worn sensors do too
# What a column's name says is measured where it is no place: parts of names, up to a digit.
SENSORS = re.compile(
    r"(^|[^a-z])(acc|accel\w*|lin\w*acc\w*|gyro?|gyroscope|mag|magnet\w*|quat\w*|orient\w*|rot\w*|"
    r"euler|angle|angular|vel|velocity|speed|force|moment|torque|grav\w*|imu|emg|gaze)\d*([^a-z]|$)"
)
FRAMES = ("frameidx", "frame", "fnum", "frameid", "framenumber", "frameno", "frameindex")
BODIES = ("track", "trackid", "individual", "individuals", "person", "personid", "animal", "id")
PREFIX = re.compile(
    r"((?:inst\w*?|id|ind\w*?|animal|mouse|rat|fly|fish|person|people|track|subject|player)"
    r"[ _-]?\d+)[_.\- ]+(.+)",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"(.+)_(\d+)")
# A row a point: the column that names it.
POINTS = ("node", "keypoint", "bodypart", "landmark", "landmarkname", "landmarkindex", "joint")


def find_points(header: Sequence[str]) -> dict[str, dict[str, int]]:
    """Columns of the points that a table's header names: point -> coordinate -> column.

    Names are NAME_x, NAME.x, NAME x, x_NAME or x0; {} where fewer than `FEWEST` have x and y, or
    where they may as well be worn sensors.
    """
    ends, starts = {}, {}
    marks = "|".join([*COORDINATES, *CONFIDENCES])
    for place, cell in enumerate(header):
        name = cell.strip().strip('"')
        if found := re.fullmatch(rf"(.+?)[_.\-: /]+({marks})", name, re.IGNORECASE):
            ends.setdefault(found[1], {}).setdefault(found[2].lower(), place)
        elif found := re.fullmatch(
            rf"({marks})[_.\-: ]?(\d+)", name, re.IGNORECASE
        ) or re.fullmatch(rf"({marks})[_.\-: /]+(.+)", name, re.IGNORECASE):
            starts.setdefault(found[2], {}).setdefault(found[1].lower(), place)
    points = max((_usable(ends), _usable(starts)), key=len)
    sure = any(set(each) & set(CONFIDENCES) for each in points.values())
    numbered = all(re.fullmatch(r"\D{0,12}\d+", name) for name in points)
    fewest = FEWEST_NUMBERED if numbered and not sure else FEWEST
    return points if len(points) >= fewest else {}


def _usable(points: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Points with x and y that are no sensors."""
    split = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in points}
    return {
        name: dict(each)
        for name, each in points.items()
        if {"x", "y"} <= each.keys() and not SENSORS.search(split[name].replace("_", " "))
    }


def by_body_names(points: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Any]]:
    """Points by body, where all names tell it: mouse1_nose and mouse2_nose, Nose_1 and Nose_2."""
    for pattern, body, part in ((PREFIX, 1, 2), (NUMBERED, 2, 1)):
        found = {name: pattern.fullmatch(name) for name in points}
        if not all(found.values()):
            continue
        bodies: dict[str, dict[str, Any]] = {}
        for name, match in found.items():
            bodies.setdefault(match[body], {})[match[part]] = points[name]
        parts = {frozenset(each) for each in bodies.values()}
        if len(bodies) > 1 and len(parts) == 1 and len(parts.pop()) >= FEWEST:
            return bodies
    return {"": dict(points)}


def is_long(header: Sequence[str]) -> bool:
    """Whether each row of a table is one point: frame, node, x, y."""
    plain = [name.strip().lower() for name in header]
    return (
        {"x", "y"} <= set(plain) and place_of(plain, POINTS) >= 0 and place_of(plain, FRAMES) >= 0
    )


def place_of(names: Sequence[str], known: Sequence[str]) -> int:
    """Place of the first name that is known; -1 where none is."""
    plain = [re.sub(r"[^a-z]", "", name.lower()) for name in names]
    return next((plain.index(name) for name in known if name in plain), -1)


def widened(table: Table) -> Table:
    """A table of a row a point as one of a row a frame, or a row a body and frame."""
    import pandas

    names = [name.strip().lower() for name in table.names]
    frame, point, body = (place_of(names, known) for known in (FRAMES, POINTS, BODIES))
    values = [name for name in names if name in (*COORDINATES, *CONFIDENCES)]
    data = pandas.DataFrame(
        {
            "frame": table.columns[frame],
            "point": table.columns[point].astype(str),
            "track": table.columns[body].astype(str) if body >= 0 else "",
            **{name: table.columns[names.index(name)] for name in values},
        }
    )
    if data.duplicated(["frame", "track", "point"]).any():
        raise ValueError("a point has several rows of one frame")
    wide = data.pivot(index=["frame", "track"], columns="point", values=values).reset_index()
    header = [".".join(filter(None, column[::-1])) for column in wide.columns]
    columns = [wide.iloc[:, place] for place in range(len(header))]
    return Table(columns, header, [""] * len(header), True)
