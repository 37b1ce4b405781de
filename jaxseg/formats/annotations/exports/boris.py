"""Segments as a project of BORIS, in which ethologists score behavior.

A project of format 7.0, which BORIS 7 and later open: an ethogram of state events, a behavior a
name, and an observation a recording, in which each segment is two events of its behavior, the
first of which starts it and the second stops it.
"""

import datetime
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxseg.formats.annotations.exports.segments import Clusters, Segmented, merged
from jaxseg.formats.files import write_text

PROJECT = "project.boris"
KEYS = "0123456789abcdefghijklmnopqrstuvwxyz"  # that score a behavior; BORIS needs one or none
PLAYERS = [str(number) for number in range(1, 9)]
NO_FRAME = "NA"  # in place of the number of a picture, which only the video's own rate would tell


def write_project(folder: Path, recordings: Sequence[Segmented], clusters: Clusters) -> None:
    """Writes `project.boris` with an observation of each recording.

    Where the video's file is known it is linked, by its path from the project, and times count
    from its first picture, as BORIS' player does. What is no action is no behavior.
    """
    now = datetime.datetime.now().isoformat(timespec="seconds")
    observations = {
        each.name.strip(): _observation(folder, each, clusters, now) for each in recordings
    }
    project = {
        "time_format": "hh:mm:ss",
        "project_date": now,
        "project_name": folder.name,
        "project_description": "Segments that jaxseg has found",
        "project_format_version": "7.0",
        "subjects_conf": {},
        "behaviors_conf": _ethogram(clusters),
        "observations": observations,
        "behavioral_categories": [],
        "behavioral_categories_config": {},
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    # ASCII: BORIS reads with the encoding of its system, which on Windows is not UTF-8.
    write_text(folder / PROJECT, json.dumps(project, indent=1) + "\n")


def _ethogram(clusters: Clusters) -> dict[str, dict[str, Any]]:
    """The behaviors by their number."""
    return {
        str(number): {
            "type": "State event",
            "key": KEYS[number] if number < len(KEYS) else "",
            "code": name,
            "description": f"cluster {cluster} of jaxseg",
            "color": "",
            "category": "",
            "modifiers": {},
            "excluded": "",
            "coding map": "",
        }
        for number, (cluster, name) in enumerate(clusters.distinct.items())
    }


def _observation(folder: Path, recording: Segmented, clusters: Clusters, date: str) -> dict:
    video, extra = recording.source, []
    observation = {
        "date": date,
        "description": "",
        "time offset": 0.0,
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "scan_sampling_time": 0,
    }
    if video is None:
        observation |= {"type": "LIVE", "file": {}}
    else:
        path, extra = os.path.relpath(video, folder).replace(os.sep, "/"), [NO_FRAME]
        observation |= {
            "type": "MEDIA",
            "file": {player: [path] if player == "1" else [] for player in PLAYERS},
            # Where length or rate is missing BORIS looks at the file itself.
            "media_info": {
                "length": {path: recording.duration} if recording.duration else {},
                "fps": {path: recording.source_fps} if recording.source_fps else {},
                "hasVideo": {path: True},
                "hasAudio": {path: False},  # nobody has listened
                "offset": {"1": 0.0},
                "display": {path: "Nothing"},
            },
        }
    zero = 0.0 if video is None else recording.first
    observation["events"] = [
        [round(max(0.0, time - zero), 3), "", clusters.name(cluster), "", "", *extra]
        for start, end, cluster in merged(recording.segments, clusters)
        for time in (start, end)
        if cluster >= 0
    ]
    return observation
