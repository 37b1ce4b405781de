"""Mode plan: what a run would need on devices that need not be here.

    python -m jaxseg.main --mode=plan --config=configs/asot_breakfast.py --published \\
        --config.seeds=5 --meshes=1,8,64x1,256

The step is compiled for as many CPU devices as the largest mesh has, so that it holds the
collectives that a real mesh would run; nothing is trained. Sizes, memory and collectives are
exact for that program; compiled for TPUs or GPUs its temporaries may take more or less.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import jax
import numpy as np

from jaxseg.config import Config
from jaxseg.config.shared import MeshConfig
from jaxseg.data import DATA_SETS, DataSet, SnippetSet, SnippetVideo, Video
from jaxseg.formats.files import write_json
from jaxseg.formats.names import check_known
from jaxseg.methods import from_dict
from jaxseg.planning import table
from jaxseg.planning.step import compile_step
from jaxseg.run.stages import TASKS

MOST_DEVICES = 4096


def run(values: Mapping, folder: Path, *, meshes: Sequence[str] = (), as_published: bool) -> None:
    """Plans a run on each of some meshes; prints the tables and writes plan.json.

    Args:
        values: of the config, as `methods.from_dict` takes them.
        folder: where plan.json goes.
        meshes: member x data each, as "8x2", or a number of devices that are laid out as a run
            would; none takes the config's.
        as_published: for the published data set and its schedule instead of the embedded twin;
            the data need not be here.

    Raises:
        ValueError: a mesh that is none, or does not fit, with those that do; a root although the
            published sizes are asked for, or a data set without known sizes.
        OSError: a file that cannot be read or written.
    """
    if as_published:
        if root := values["data"]["root"]:
            raise ValueError(f"--published plans without data: leave out config.data.root={root}")
        # Nobody reads this root; that there is one makes the schedule that of the real data.
        values = {**values, "data": {**values["data"], "root": "published"}}
    config = from_dict(values)
    # The config's own mesh is planned on the fewest devices that it fits.
    fewest = max(1, config.mesh.member) * max(1, config.mesh.data)
    shapes = [_shape(mesh) for mesh in meshes] or [(fewest, config.mesh)]
    devices = _devices(max(count for count, _ in shapes))
    data = published(config) if as_published else TASKS[config.task].load(config, folder)
    steps = [
        compile_step(dataclasses.replace(config, mesh=mesh), data, devices[:count])
        for count, mesh in shapes
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "plan.json", table.values(steps))
    print(f"{config.method} on {_title(config, data, as_published)}")
    print(table.text(steps))
    print(f"in full: {folder / 'plan.json'}")


def published(config: Config) -> DataSet | SnippetSet:
    """The data set that a config names, in its published size; every feature is one shared zero.

    A plan needs shapes, and these are known without the data. Lengths are typical ones; they
    matter for GauFuse alone, whose batches are as long as their longest video: the median longest
    of ten training videos stands for all.

    Raises:
        ValueError: a data set without a published size, an unknown activity.
    """
    name = config.data.name
    sizes = {each: entry for each, entry in DATA_SETS.items() if entry.videos}
    check_known("config.data.name", [name], sizes)
    size = sizes[name]
    if size.task == "segmentation":
        check_known("activities", config.activities, size.videos)
        features = np.broadcast_to(np.float32(0), (size.frames, size.channels))
        videos = tuple(
            Video(f"{number:04d}", activity, features)
            for activity in sorted(config.activities or size.videos)
            for number in range(size.videos[activity])
        )
        return DataSet(name, videos)
    features = np.broadcast_to(np.float32(0), (size.snippets, size.channels))
    labels = np.eye(size.classes, dtype=np.float32)
    videos = tuple(
        SnippetVideo(
            f"{number:05d}", "train", features, features, labels[number % size.classes], ()
        )
        for number in range(size.videos)
    )
    return SnippetSet(name, videos, tuple(f"class {index}" for index in range(size.classes)))


def _title(config: Config, data: DataSet | SnippetSet, as_published: bool) -> str:
    as_given = "embedded twin" if data.generated else "as it is"
    origin = "as published" if as_published else as_given
    videos = sum(len(each) for each in data.activities.values())
    return (
        f"{data.name} ({origin}): {videos:,} videos, {data.num_channels:,} channels, "
        f"batches of {config.data.videos_per_batch} videos"
    )


def _shape(text: str) -> tuple[int, MeshConfig]:
    """ "8x2" -> 16 devices as 8 x 2; "16" -> 16 devices, as a run would lay them out."""
    numbers = text.strip().split("x")
    if len(numbers) > 2 or not all(each.isdecimal() and int(each) for each in numbers):
        raise ValueError(f"--meshes: {text!r} is no mesh; give devices or member x data: 16 or 8x2")
    member, data = map(int, (*numbers, 1)[:2])
    if member * data > MOST_DEVICES:
        raise ValueError(f"--meshes: {text!r} has more than {MOST_DEVICES} devices")
    return member * data, MeshConfig(member, data) if len(numbers) == 2 else MeshConfig(0, 0)


def _devices(count: int) -> list[jax.Device]:
    """CPU devices on which nothing runs; as many as this process can still start with."""
    try:
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError:  # a backend runs already: it has what it has
        pass
    devices = jax.devices("cpu")
    if len(devices) < count:
        raise ValueError(
            f"a mesh of {count} devices cannot be planned in a process that has "
            f"{len(devices)} CPU devices already"
        )
    return devices
