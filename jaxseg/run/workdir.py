"""The folder of a run: whose it is, and the files that say what the run is made of."""

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from jaxseg.config import AFTER_TRAINING, Config, flatten, to_dict
from jaxseg.data import VIDEOS, DataSet, SnippetSet
from jaxseg.formats.names import listed
from jaxseg.runfiles import about, localization, segmentation
from jaxseg.training.members import Member

PACKAGES = ("jaxseg", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "ott-jax")
PACKAGES += ("numpy", "scipy", "ml-collections")
MISSING = "missing"


def check(folder: Path, config: Config) -> None:
    """Makes sure that a folder is new or this config's own; writes nothing.

    Raises:
        ValueError: the folder belongs to a run that trains something else, with the first key
            that differs; its config.json cannot be read.
    """
    path = folder / "config.json"
    if not path.exists():
        return
    try:
        values = flatten(about.read_config(folder))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); remove it or the folder") from None
    # As a JSON file gives it back: tuples are lists.
    expected = flatten(json.loads(json.dumps(to_dict(config))))
    for name in sorted(values | expected):
        old, new = values.get(name, MISSING), expected.get(name, MISSING)
        # The features of videos are made at that rate, before training.
        is_before = name == "data.fps" and config.data.name == VIDEOS
        if old != new and (is_before or not name.startswith(AFTER_TRAINING)):
            raise ValueError(
                f"{folder} belongs to another config: {name} is {old} there, {new} here; "
                "give another --workdir"
            )


def claim(
    folder: Path, config: Config, data: DataSet | SnippetSet, members: Sequence[Member]
) -> None:
    """Makes the folder, where it is missing, and writes what the run is and, if any, the truth.

    Raises:
        ValueError: the folder was made from other videos; nothing is changed then.
        OSError: with the file that cannot be written.
    """
    record = data_record(data)
    path = folder / "dataset.json"
    if path.exists():
        before = _read_dataset(folder)
        if before.videos != record.videos:
            raise ValueError(
                f"{path} lists other videos than there are now (new, gone or of other length: "
                f"{_unlike(before.videos, record.videos)}); give another --workdir"
            )
    folder.mkdir(parents=True, exist_ok=True)
    about.write_config(folder, to_dict(config))
    about.write_dataset(folder, record)
    about.write_versions(folder, _versions())
    about.write_members(folder, [member.record() for member in members])
    if isinstance(data, SnippetSet):
        localization.write_truth(folder, data.to_truth()["database"])
        return
    for video in data.videos:
        if video.labels is not None:
            names = [data.classes[label] for label in video.labels]
            segmentation.write_truth(folder, video.activity, video.name, names)


def videos_of(folder: Path) -> set[tuple[str, str]]:
    """(activity, name) of the videos that a segmentation run was made of; empty before it was.

    Raises:
        ValueError: a dataset.json that cannot be read.
    """
    if not (folder / "dataset.json").exists():
        return set()
    return {(video.activity, video.name) for video in _read_dataset(folder).videos}


def data_record(data: DataSet | SnippetSet) -> about.DataRecord:
    """What dataset.json holds of a data set."""
    if isinstance(data, SnippetSet):
        return about.LocalizationData(
            name=data.name,
            generated=data.generated,
            seconds_per_snippet=data.seconds_per_snippet,
            classes=data.classes,
            videos=tuple(
                about.SnippetVideo(video.name, video.subset, video.num_snippets, video.duration)
                for video in data.videos
            ),
        )
    return about.SegmentationData(
        name=data.name,
        generated=data.generated,
        fps=data.fps,
        classes=data.classes,
        excluded=data.excluded,
        videos=tuple(
            about.FrameVideo(video.name, video.activity, video.num_frames, video.labels is not None)
            for video in data.videos
        ),
    )


def _read_dataset(folder: Path) -> about.DataRecord:
    try:
        return about.read_dataset(folder)
    except ValueError as error:
        path = folder / "dataset.json"
        raise ValueError(f"{path} is damaged ({error}); remove it or the folder") from None


def _unlike(old: Sequence[Any], new: Sequence[Any]) -> str:
    """Names of the videos that only one of two lists has, or has in that length."""
    before, now = ({_key(video): video for video in videos} for videos in (old, new))
    return listed([key for key in sorted(before | now) if before.get(key) != now.get(key)])


def _key(video: about.FrameVideo | about.SnippetVideo) -> str:
    return "/".join(filter(None, (getattr(video, "activity", ""), video.name)))


def _versions() -> about.Versions:
    device = jax.devices()[0]
    return about.Versions(
        packages=_packages(),
        python=platform.python_version(),
        platform=platform.platform(),
        device=f"{jax.device_count()} x {device.device_kind} ({device.platform})",
        commit=_commit(),
        command=sys.argv,
    )


def _packages() -> Mapping[str, str | None]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None  # jaxseg itself, run from a checkout
    return versions


def _commit() -> str | None:
    """The checkout's commit, with a + where files differ from it; None outside a checkout."""
    package = Path(__file__).resolve().parent

    def git(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["git", "-C", str(package), *words], capture_output=True, text=True, check=False
        )

    try:
        head = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--", ".").stdout.strip()
    except OSError:  # no git on this machine
        return None
    return head.stdout.strip() + ("+" if changed else "") if head.returncode == 0 else None
