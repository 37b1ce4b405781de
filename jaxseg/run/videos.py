"""What a run on videos does before training, and before its report: features, and pictures."""

import json
from pathlib import Path

import numpy as np

from jaxseg import data, footage
from jaxseg.config import Config
from jaxseg.features import job
from jaxseg.features.kinds import Kind
from jaxseg.footage import patchwork
from jaxseg.formats.names import listed
from jaxseg.processes import say
from jaxseg.run import workdir

NAME = data.VIDEOS  # of such a run's data set


def extract(config: Config, folder: Path) -> None:
    """Makes the features of all videos, in `<folder>/features`; what is done already is kept.

    Without videos a few are made of short clips first, in `<folder>/videos`.

    Raises:
        ValueError: a library of the extra `video` is missing, no video in the folder, or none
            that could be used; those that cannot be are said and left out. Videos have changed
            since the run was made.
        OSError: a file that cannot be written.
    """
    own, fps = config.data.videos, config.data.fps
    kind = make_kind(config)
    videos = Path(own).expanduser() if own else patchwork.make(folder / "videos")
    features = folder / "features"
    _check_same(videos, folder)
    summary = job.extract(videos, features, kind, fps=fps, least_frames=least_frames(config))
    for file, reason in summary.failed.items():
        say(f"left out: {listed([file])}: {reason}")
    for name in summary.truncated:
        say(f"broken, used as far as it can be read: {name}")
    if not summary.done and not summary.kept:
        raise ValueError(f"{videos}: none of {len(summary.failed)} videos can be used")
    if not own:
        write_truth(videos, features)


def _check_same(videos: Path, folder: Path) -> None:
    """A network that was trained on a video's features knows nothing of another video's."""
    own, top = workdir.videos_of(folder), data.top_activity(videos)
    changed = job.changed(videos, folder / "features") if own else ()
    if names := [name for name in changed if tuple(f"{top}/{name}".split("/")[-2:]) in own]:
        raise ValueError(
            f"{videos}: {listed(names)} changed or gone since {folder} was made of the videos "
            "there; put back what was there, or give another --workdir"
        )


def least_frames(config: Config) -> int:
    """Of a video that can have all clusters; where a range is tried, more than the fewest."""
    model = config.model
    if model.chooses:
        return model.cluster_range[0] + 1
    return model.num_clusters or max([2, *model.clusters_by_activity.values()])


def make_kind(config: Config) -> Kind:
    """The kind of features that the config asks for, fitted where it names what to reuse."""
    wanted = config.data
    kind = job.make_kind(wanted.features, **({"model": wanted.onnx} if wanted.onnx else {}))
    if wanted.reuse:
        kind.load(Path(wanted.reuse).expanduser())
    return kind


def write_truth(videos: Path, features: Path) -> None:
    """The labels of videos that were made of clips: `<videos>/groundTruth/<video>.txt`."""
    record = json.loads((features / "features.json").read_text(encoding="utf-8"))
    segments = json.loads((videos / patchwork.SEGMENTS_FILE).read_text(encoding="utf-8"))
    truth = videos / "groundTruth"
    truth.mkdir(exist_ok=True)
    if foreign := record["videos"].keys() - segments.keys():
        raise ValueError(f"{videos}: {listed(sorted(foreign))} not made here; remove what is not")
    for name, video in record["videos"].items():
        seconds = np.arange(video["frames"]) / record["fps"]
        labels = patchwork.labels_at(segments[name], seconds)
        (truth / f"{name}.txt").write_text("".join(f"{label}\n" for label in labels))


def show(config: Config, folder: Path) -> None:
    """Pictures, contact sheets and tables of segments, which the report links to."""
    footage.write(folder, max_videos=config.report.max_videos)
