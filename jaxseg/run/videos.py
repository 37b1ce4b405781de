"""The stage that only runs on videos have: their features, made before training."""

from pathlib import Path

from jaxseg import data
from jaxseg.config import Config
from jaxseg.features import job
from jaxseg.features.listing import Videos, find_videos
from jaxseg.features.listing import summary as lines_on
from jaxseg.footage import signs
from jaxseg.formats.names import listed
from jaxseg.processes import print_once
from jaxseg.run import workdir


def extract(config: Config, folder: Path) -> None:
    """Makes the features of all videos, in `<folder>/features`; finished ones are kept.

    Where the config names no videos, some are joined of recordings first, in `<folder>/videos`.

    Raises:
        ValueError: a library of the extra `video` is missing; there is no video in the folder, or
            none that can be used (those that cannot be are printed and left out); videos have
            changed since the run was made.
        OSError: a file that cannot be written.
    """
    settings, features = config.data, folder / "features"
    options = {"model": settings.onnx} if settings.onnx else {}
    kind = job.make_kind(settings.features, **options)
    if settings.reuse:
        kind.load(Path(settings.reuse).expanduser())
    given = settings.videos
    videos = Path(given).expanduser() if given else signs.make(folder / "videos")
    found = find_videos(videos)
    _check_same(found, folder)
    shortest = least_frames(config)
    fps = settings.fps or job.rate_for(found, "--config.data.fps")
    summary = job.extract(videos, features, kind, fps=fps, found=found, least_frames=shortest)
    for file, reason in summary.failed.items():
        print_once(f"left out: {listed([file])}: {reason}")
    for line in lines_on(summary.left_out):
        print_once(f"left out: {line}")
    for name in summary.truncated:
        print_once(f"broken, used as far as it can be read: {name}")
    for line in summary.note_lines():
        print_once(line)
    if not summary.done and not summary.kept:
        raise ValueError(f"{videos}: none of {len(summary.failed)} videos can be used")


def _check_same(found: Videos, folder: Path) -> None:
    """Raises ValueError where a video has changed since the run was made from its features."""
    used, top = workdir.videos_of(folder), data.top_activity(found.folder)
    changed = job.changed(found, folder / "features") if used else ()
    if names := [name for name in changed if tuple(f"{top}/{name}".split("/")[-2:]) in used]:
        raise ValueError(
            f"{found.folder}: {listed(names)} changed or gone since {folder} was made of the "
            "videos there; put back what was there, or give another --workdir"
        )


def least_frames(config: Config) -> int:
    """Length of the shortest video that can be used: it has to hold every cluster.

    Where K is to come from the data, it has to hold one cluster more than the fewest.
    """
    model = config.model
    if "num_actions" in getattr(config, "asks_for", ()):
        return model.cluster_range[0] + 1
    count = model.num_clusters or getattr(config, "num_actions", 0)
    return count or max([2, *model.clusters_by_activity.values()])
