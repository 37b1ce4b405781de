"""The folder of a run: whose it is, and the files that say what the run is made of."""

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from jaxseg.config import AFTER_TRAINING, Config, flatten, to_dict
from jaxseg.data import VIDEOS, DataSet, SnippetSet
from jaxseg.data.segmentation.features import checksum
from jaxseg.features.job import USUAL_FPS
from jaxseg.formats.names import listed
from jaxseg.runfiles import about, localization, segmentation
from jaxseg.training.members import Member

PACKAGES = ("jaxseg", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "ott-jax")
PACKAGES += ("numpy", "scipy", "ml-collections")
MISSING = "missing"
SHARED_SCALINGS = ("folder", "auto")  # values of config.data.scaling, "auto" where it chooses so


def check(folder: Path, config: Config) -> None:
    """Makes sure that a folder is new or this config's own; writes nothing.

    Raises:
        ValueError: the folder belongs to a run that trains something else, with the first key
            that differs; its config.json cannot be read.
    """
    if not (folder / "config.json").exists():
        return
    values = flatten(_read(folder, "config.json", about.read_config))
    # As a JSON file gives it back: tuples are lists.
    expected = flatten(json.loads(json.dumps(to_dict(config))))
    defaults = flatten(json.loads(json.dumps(to_dict(type(config)()))))
    for name in sorted(values | expected):
        old, new = values.get(name, MISSING), expected.get(name, MISSING)
        # The features of videos are made at that rate, before training.
        is_before = name == "data.fps" and config.data.name == VIDEOS
        if is_before and (old or USUAL_FPS) == (new or USUAL_FPS):
            continue
        # A run of a version without the key did what its default says.
        is_newer = old == MISSING and new == defaults.get(name)
        if old != new and not is_newer and (is_before or not name.startswith(AFTER_TRAINING)):
            raise ValueError(
                f"{folder} belongs to another config: {name} is {old} there, {new} here; "
                "give another --workdir"
            )


def claim(
    folder: Path, config: Config, data: DataSet | SnippetSet, members: Sequence[Member]
) -> None:
    """Makes the folder, where it is missing, and writes what the run is and, if any, the truth.

    Raises:
        ValueError: the folder was made from other videos or from other features of the same
            videos; nothing is changed then.
        OSError: with the file that cannot be written.
    """
    record = data_record(data)
    if config.task == "segmentation" and config.data.scaling in SHARED_SCALINGS:
        record = record._replace(scaling=_shared_scaling(data))
    _check_same_data(folder, record)
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
    record = _read(folder, "dataset.json", about.read_dataset)
    return {(video.activity, video.name) for video in record.videos}


def data_record(data: DataSet | SnippetSet) -> about.DataRecord:
    """What dataset.json holds of a data set."""
    if isinstance(data, SnippetSet):
        return about.LocalizationData(
            name=data.name,
            generated=data.generated,
            seconds_per_snippet=data.seconds_per_snippet,
            classes=data.classes,
            left_out=data.left_out,
            notes=data.notes,
            videos=tuple(
                about.SnippetVideo(
                    name=video.name,
                    subset=video.subset,
                    snippets=video.num_snippets,
                    seconds=video.duration,
                    checksum=video.checksum,
                )
                for video in data.videos
            ),
        )
    return about.SegmentationData(
        name=data.name,
        generated=data.generated,
        origin=data.origin,
        fps=data.fps,
        classes=data.classes,
        excluded=data.excluded,
        videos=tuple(
            about.FrameVideo(
                name=video.name,
                activity=video.activity,
                frames=video.num_frames,
                labels=video.labels is not None,
                # Arrays that a caller has made have none yet.
                checksum=video.checksum or ("" if data.generated else checksum(video.features)),
            )
            for video in data.videos
        ),
        channels=data.num_channels,
        notes=data.notes,
        channel_names=data.channels,
    )


def _shared_scaling(data: DataSet) -> dict[str, about.Scaling]:
    """Activity -> the scaling that all of its videos have; without activities where they differ."""
    shared = {}
    for activity, videos in data.activities.items():
        scaling = videos[0].scaling
        if scaling is not None and all(video.scaling is scaling for video in videos):
            center, factor = (tuple(array.tolist()) for array in scaling)
            shared[activity] = about.Scaling(center, factor, videos[0].limit)
    return shared


def _read(folder: Path, name: str, read: Callable[[Path], Any]) -> Any:
    try:
        return read(folder)
    except ValueError as error:
        raise ValueError(f"{folder / name} is damaged ({error}); remove it or the folder") from None


def _check_same_data(folder: Path, record: about.DataRecord) -> None:
    """Raises ValueError where a run was made from other videos, or other features of the same."""
    path = folder / "dataset.json"
    if not path.exists():
        return
    before, now = map(_by_name, (_read(folder, path.name, about.read_dataset), record))
    names = sorted(before | now)
    if unlike := [name for name in names if _standing(before, name) != _standing(now, name)]:
        raise ValueError(
            f"{path} lists other videos than there are now (new, gone or of other length: "
            f"{listed(unlike)}); give another --workdir"
        )
    # A run of an older version has no checksums.
    if changed := [n for n in names if "" != before[n].checksum != now[n].checksum != ""]:
        raise ValueError(
            f"features of {listed(changed)} changed since {folder} was made of them; put back "
            "what was there, or give another --workdir"
        )


def _by_name(record: about.DataRecord) -> dict[str, about.FrameVideo | about.SnippetVideo]:
    def name(video: about.FrameVideo | about.SnippetVideo) -> str:
        return f"{video.activity}/{video.name}" if hasattr(video, "activity") else video.name

    return {name(video): video for video in record.videos}


def _standing(videos: Mapping[str, Any], name: str) -> Any:
    """All that a record says of a video but the checksum; None where it does not have it."""
    return videos[name]._replace(checksum="") if name in videos else None


def _versions() -> about.Versions:
    device = jax.devices()[0]
    return about.Versions(
        packages={name: _version(name) for name in PACKAGES},
        python=platform.python_version(),
        platform=platform.platform(),
        device=f"{jax.device_count()} x {device.device_kind} ({device.platform})",
        commit=_commit(),
        command=sys.argv,
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # jaxseg itself, run from a checkout
        return None


def _commit() -> str | None:
    """The checkout's commit, with a + where files differ from it; None outside a checkout."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(Path(__file__).resolve().parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        head, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):  # no git on this machine, or no checkout
        return None
    return head + ("+" if changed else "")
