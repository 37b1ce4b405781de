"""Writes stand-ins for Breakfast and THUMOS14: the real annotation with generated features.

Who does what, when and for how long is the published annotation, which is given by its path; the
features are generated from fixed seeds, in the published layout, so that the same command always
writes the same bytes. The Breakfast features have four properties of the five public coffee
videos: 5.5 % of a video's standardized variance lies between the actions of an activity, a further
8 % is particular to the video, frames at a lag of 1, 5, 15, 30 correlate by .98, .85, .42, .04, and
the first four rows are zero.

    python -m benchmarks.stand_ins breakfast --annotation=breakfast_coarse_xml.tar.gz --out=TWIN
    python -m benchmarks.stand_ins thumos14 --annotation=gt.json --out=TWIN
"""

import argparse
import json
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.harness import positive
from jaxseg.command_line import Parser, run
from jaxseg.formats.files import read_json

FPS, SNIPPET = 25, 16  # THUMOS14's frames a second, and frames in a snippet
ACTION_VARIANCE, VIDEO_VARIANCE = 0.055, 0.08
SCALE = 4.3  # of the standard deviation of Breakfast's channels
SILENCE = "SIL"
SCENES = 6  # kinds of shared background: crowd, interview, replay, logo, ...


class Segment(NamedTuple):
    """Labeled frames of a Breakfast video, from `first` to `last`, counted from 1."""

    label: str
    first: int
    last: int


def generator(*words: object) -> np.random.Generator:
    """Generator that depends on the words alone, so that a part holds the same videos."""
    return np.random.default_rng([zlib.crc32(str(word).encode()) for word in words])


def smooth_noise(rng: np.random.Generator, length: int, dim: int, window: int) -> np.ndarray:
    """Noise [length, dim] of unit variance; frames correlate by 1 - lag / window."""
    white = rng.standard_normal((length + window, dim))
    total = np.concatenate([np.zeros((1, dim)), np.cumsum(white, 0)])
    return (total[window : window + length] - total[:length]) / np.sqrt(window)


def read_breakfast(archive: Path) -> Iterator[tuple[str, str, list[Segment]]]:
    """Activity, video and segments of each XML file in Breakfast's coarse annotation."""
    with tarfile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda member: member.name):
            path = Path(member.name)
            if path.suffix == ".xml":
                text = files.extractfile(member).read().decode("latin-1")
                yield (
                    path.parent.name,
                    path.stem,
                    [
                        Segment(
                            run.get("name"), int(run.get("startPoint")), int(run.get("endPoint"))
                        )
                        for run in ElementTree.fromstring(text).iter("MotionLabel")
                    ],
                )


def write_breakfast(archive: Path, root: Path, options: argparse.Namespace) -> str:
    """Writes features, labels and mapping of the chosen videos; returns what was written."""
    labels, count = set(), 0
    (folder := root / "groundTruth").mkdir(parents=True, exist_ok=True)
    for activity, video, segments in read_breakfast(archive):
        labels.update(segment.label for segment in segments)
        chosen = not options.activities or activity in options.activities
        if not chosen or (options.cameras and video.split("_")[1] not in options.cameras):
            continue
        names = np.full(segments[-1].last, SILENCE, object)
        for label, first, last in segments:
            names[first - 1 : last] = label
        (folder / video).write_text("\n".join(names) + "\n")
        path = root / "features" / activity / f"{video}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, breakfast_features(activity, video, segments, options.dim))
        count += 1
    names = [SILENCE, *sorted(labels - {SILENCE})]
    (root / "mapping").mkdir(exist_ok=True)
    mapping = "".join(f"{number} {name}\n" for number, name in enumerate(names))
    (root / "mapping" / "mapping.txt").write_text(mapping)
    return f"{count} videos in {root}"


def breakfast_features(
    activity: str, video: str, segments: Sequence[Segment], dim: int
) -> np.ndarray:
    """Features [frames, dim] float32 with a decaying spectrum over channels."""
    spectrum = np.exp(-np.arange(dim) / 16.0)
    spectrum *= dim / spectrum.sum()
    noise = smooth_noise(generator("breakfast", video), segments[-1].last, dim, 30)
    features = np.sqrt(1 - ACTION_VARIANCE - VIDEO_VARIANCE) * noise
    for label, first, last in segments:
        shared = generator("action", activity, label).standard_normal(dim)
        particular = generator("action", video, label).standard_normal(dim)
        features[first - 1 : last] += (
            np.sqrt(ACTION_VARIANCE) * shared + np.sqrt(VIDEO_VARIANCE) * particular
        )
    features = SCALE * np.sqrt(spectrum) * features
    features[:4] = 0  # as in the published features
    return features.astype(np.float32)


def write_thumos14(annotation: Path, root: Path, options: argparse.Namespace) -> str:
    """Writes features, splits and the annotation of some videos; returns what was written."""
    database = read_json(annotation)["database"]
    classes = sorted({each["label"] for v in database.values() for each in v["annotations"]})
    splits: dict[str, list[str]] = {"train": [], "test": []}
    for video in sorted(database, key=lambda name: zlib.crc32(name.encode()))[: options.videos]:
        subset = database[video]["subset"]
        splits[subset].append(video)
        streams = thumos14_features(video, database[video]["annotations"], classes, options.dim)
        for stream, features in streams.items():
            path = root / "features" / subset / stream / f"{video}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, features)
    for split, names in splits.items():
        (root / f"split_{split}.txt").write_text("".join(f"{name}\n" for name in sorted(names)))
    kept = {video: database[video] for names in splits.values() for video in names}
    (root / "gt.json").write_text(json.dumps({"database": kept}))
    train, test = (len(names) for names in splits.values())
    return f"{train} training and {test} test videos in {root}"


def thumos14_features(
    video: str, annotations: Sequence[dict], classes: Sequence[str], dim: int
) -> dict[str, np.ndarray]:
    """Features [snippets, dim] float32 of both streams.

    Background snippets are of three kinds: the class's own setting (a field without the throw),
    shared scenes (a crowd, a logo), and the rest.
    """
    rng = generator("thumos14", video)
    spans = [(each["label"], *map(float, each["segment"])) for each in annotations]
    seconds = max(end for _, _, end in spans) * rng.uniform(1.02, 1.25) + 4
    length = int(seconds * FPS / SNIPPET)
    inside = np.zeros((length, len(classes)))
    for label, start, end in spans:
        first, last = int(start * FPS / SNIPPET), int(np.ceil(end * FPS / SNIPPET))
        inside[first : max(last, first + 1), classes.index(label)] = 1
    present = inside.any(0)
    in_setting = smooth_noise(rng, length, 1, 40)[:, 0] > 0
    scene = rng.integers(0, SCENES, size=length // 12 + 1).repeat(12)[:length]
    background = inside.sum(1) == 0
    in_scene = background & ~in_setting
    streams = {}
    for stream, contrast in (("rgb", 1.0), ("flow", 1.25)):
        basis = generator("thumos14", stream, dim)
        action = basis.standard_normal((len(classes), dim))
        settings = 0.8 * basis.standard_normal((len(classes), dim)) + 0.45 * action
        setting = (present @ settings) / max(present.sum(), 1)
        scenes = basis.standard_normal((SCENES, dim))
        features = 1.35 * smooth_noise(rng, length, dim, 4) + 0.5 * rng.standard_normal(dim)
        features += contrast * inside @ action
        features += 0.7 * setting
        features[background & in_setting] += 0.8 * setting
        features[in_scene] += 0.8 * scenes[scene[in_scene]]
        streams[stream] = np.maximum(features, 0).astype(np.float32)
    return streams


WRITERS = {
    "breakfast": ("Breakfast", write_breakfast),
    "thumos14": ("THUMOS14", write_thumos14),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = Parser("python -m benchmarks.stand_ins", description=__doc__)
    add = parser.add_argument
    add("data_set", choices=WRITERS, help="data set whose layout is written")
    annotation = "breakfast_coarse_xml.tar.gz, or gt.json of THUMOS14, as published"
    add("--annotation", type=Path, required=True, metavar="FILE", help=annotation)
    add("--out", type=Path, required=True, metavar="DIR", help="gets Breakfast/ or THUMOS14/")
    add("--dim", type=positive, default=64, metavar="D", help="channels (64)")
    add("--activities", nargs="*", default=[], metavar="A", help="of Breakfast (all)")
    add("--cameras", nargs="*", default=[], metavar="C", help="of Breakfast, as cam01 (all)")
    add("--videos", type=positive, metavar="N", help="of THUMOS14 (all)")
    options = parser.parse_args(arguments)
    folder, write = WRITERS[options.data_set]
    return run(lambda: print(write(options.annotation, options.out / folder, options)))


if __name__ == "__main__":
    sys.exit(main())
