"""The files of a run that say what it is: config, versions, data set, members, truth."""

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jax

from jaxseg.config import AFTER_TRAINING, Config, flatten, to_dict
from jaxseg.data import VIDEOS, DataSet, SnippetSet
from jaxseg.formats.names import listed
from jaxseg.training.members import Member
from jaxseg.training.writer import write_json, write_text

PACKAGES = (
    *("jaxseg", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "ott-jax"),
    *("numpy", "scipy", "ml-collections"),
)


def check(folder: Path, config: Config) -> None:
    """Makes sure that a folder is new or this config's own; writes nothing.

    Raises:
        ValueError: where the folder belongs to a run that trains something else, naming the
            first field that differs; where its config.json cannot be read.
    """
    path = folder / "config.json"
    if not path.exists():
        return
    old = _read(path)
    for name, (there, here) in _differences(old, _plain(config)).items():
        # The features of videos are made at that rate.
        is_before = name == "data.fps" and config.data.name == VIDEOS
        if is_before or not name.startswith(AFTER_TRAINING):
            raise ValueError(
                f"{folder} belongs to another config: {name} is {there} there, {here} here; "
                "give another --workdir"
            )


def _read(path: Path):
    """A JSON file that an earlier start has written.

    Raises:
        ValueError: what to remove where it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); remove it or the folder") from None


def _plain(config: Config) -> dict:
    """The config as a JSON file gives it back: tuples are lists."""
    return json.loads(json.dumps(to_dict(config)))


def _differences(old: dict, new: dict) -> dict:
    old, new = flatten(old), flatten(new)
    return {
        name: (old.get(name), new.get(name))
        for name in sorted(old | new)
        if old.get(name) != new.get(name)
    }


def claim(
    folder: Path, config: Config, data: DataSet | SnippetSet, members: Sequence[Member]
) -> None:
    """Makes the folder, where it is missing, and writes what the run is and, if any, the truth.

    Raises:
        ValueError: where the folder was made from other videos; nothing is changed then.
        OSError: with the file that cannot be written.
    """
    record = data.describe()
    path = folder / "dataset.json"
    old = _read(path)["videos"] if path.exists() else record["videos"]
    if old != record["videos"]:
        raise ValueError(
            f"{path} lists other videos than there are now (new, gone or of other length: "
            f"{_unlike(old, record['videos'])}); give another --workdir"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", _plain(config))
    write_json(path, record)
    write_json(folder / "versions.json", _versions())
    write_json(folder / "members.json", [member.record() for member in members])
    for name, text in data.truth_files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)


def videos_of(folder: Path) -> set[tuple[str, str]]:
    """(activity, name) of the videos that a run of segmentation was made of; empty before it was.

    Raises:
        ValueError: a dataset.json that cannot be read.
    """
    path = folder / "dataset.json"
    videos = _read(path)["videos"] if path.exists() else ()
    return {(video["activity"], video["name"]) for video in videos}


def _unlike(old: Sequence[dict], new: Sequence[dict]) -> str:
    """The videos that only one of two lists has, or has so."""
    there, here = ({(v.get("activity", ""), v["name"]): v for v in each} for each in (old, new))
    keys = [key for key in sorted(there | here) if there.get(key) != here.get(key)]
    return listed(["/".join(filter(None, key)) for key in keys])


def _versions() -> dict:
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            packages[name] = None  # jaxseg itself, run from a checkout
    device = jax.devices()[0]
    return {
        "packages": packages,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": f"{jax.device_count()} x {device.device_kind} ({device.platform})",
        "commit": _commit(),
        "command": sys.argv,
    }


def _commit() -> str | None:
    """The checkout's commit, with a + where files differ from it; None outside a checkout."""
    here = Path(__file__).resolve().parent

    def git(*words):
        return subprocess.run(
            ["git", "-C", str(here), *words], capture_output=True, text=True, check=False
        )

    try:
        head = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--", ".").stdout.strip()
    except OSError:  # no git on this machine
        return None
    return head.stdout.strip() + ("+" if changed else "") if head.returncode == 0 else None
