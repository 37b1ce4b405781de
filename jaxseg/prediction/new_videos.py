"""New videos with a finished run on videos: features as there, its network, a page that plays them.

OUT is laid out as the folder of a run, so that whatever reads one reads it: features/,
predictions/, segments/, footage/ and report.html; new_videos.json says what it was made with.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from jaxseg import data, footage, report
from jaxseg.data import Video
from jaxseg.features import check_installed, folders, job
from jaxseg.features.kinds import ONNX, Kind
from jaxseg.features.listing import find_videos
from jaxseg.formats.annotations.exports import check_formats
from jaxseg.formats.files import atomic_folder, read_json, write_json
from jaxseg.formats.names import clip
from jaxseg.prediction.new_data import Trained, Typical, holds_videos
from jaxseg.prediction.segments import most_typical
from jaxseg.runfiles import about, names, segmentation

FEATURES = "features"  # of a run on videos, and in OUT
RECORD = "new_videos.json"


def are_videos(run: Path, path: Path) -> bool:
    """Whether a path is to be read as videos: the run is on videos, and it holds no features.

    Those are a features.json or a .npy in the folder itself, or a .npy in a subfolder where there
    is no video.
    """
    trained = Trained(run)
    if trained.config.data.name != data.VIDEOS or path.suffix == ".npy":
        return False
    if any(path.glob(folders.RECORD)) or any(path.glob("*.npy")):
        return False
    return not any(path.glob("*/*.npy")) or holds_videos(path)


def label_videos(
    run: Path,
    videos: Path,
    out: Path,
    *,
    activity: str = "",
    seed: int | None = None,
    fps: float | None = None,
    formats: Sequence[str] = (),
    progress: bool = True,
) -> job.Summary:
    """Makes features of new videos as a run's were made, labels them, and writes a page.

    Nothing is trained, and nothing in the run's folder is written. Features that `out` has already
    stay where neither their video nor the run's way to make them has changed; the rest is written
    anew: predictions/, segments/ (.csv, .vtt, .eaf) in the videos' own time and with the names of
    the run's names.csv, if it has one, and report.html. A names.csv that somebody has put into
    `out`, or has changed there, stays and counts.

    Args:
        run: folder of a finished run on videos.
        videos: a folder of videos, in subfolders or not, or a single video.
        out: a new folder, or that of an earlier call.
        activity, seed: see `Trained.decode_all`.
        fps: rows a second that the run is expected to have; None: as it has them. Where there are
            folders of pictures, and no rate in the run's config, it has to be given.
        formats: of segments, names of `exports.FORMATS`, beside the three.
        progress: show bars.

    Returns:
        What has become of each video; where none could be used, nothing but features/ is written.

    Raises:
        ValueError: see `Trained`; the run's fitted parts or its network of pictures are gone or not
            those that its features were made with; `out` is not of this function, or lies in the
            run or among the videos; a library is missing.
        OSError: a file that cannot be read or written.
    """
    check_installed(["av", "cv2", "pympi"])
    trained = Trained(run)
    check_formats("--segments", formats, fps=trained.data.fps)
    kind, rate = kind_of(trained)
    if fps and fps != rate:
        raise ValueError(
            f"--fps={fps:g}: {run} was made with {rate:g} rows a second, and new videos get as "
            "many, whatever their own rate is; leave it out"
        )
    listing = find_videos(videos)
    if not fps and not trained.config.data.fps:
        job.rate_for(listing)  # folders of pictures need a rate that somebody has given
    _check_members(trained, listing.files, activity, seed)
    trained.restored  # noqa: B018  (what is wrong with it is said before hours of features)
    origin = {"run": str(run.resolve()), "activity": activity, "seed": seed}
    _claim(out, origin, taken=[run, videos])
    summary = job.extract(
        videos,
        out / FEATURES,
        kind,
        fps=rate,
        found=listing,
        # Of any of its activities: a sequence that is shorter cannot show what they have learned.
        least_frames=min(member.num_clusters for member in trained.members),
        progress=progress,
    )
    if not summary.done and not summary.kept:
        return summary
    new = trained.read_folder(out / FEATURES, progress=progress)
    trained.check(new.videos, new.fps)
    members: dict[str, about.Member] = {}  # by the activity of its videos in OUT
    found: dict[str, list[tuple[Video, Typical]]] = {}
    with atomic_folder(out / "predictions") as predictions:
        for video, member, decoded in trained.decode_all(
            new.videos, activity=activity, seed=seed, progress=progress
        ):
            place = _own_activity(member, videos) if video.top else video.activity
            segmentation.write_labels(
                predictions, place, member.directory, video.name, decoded.labels
            )
            members[place] = member
            found.setdefault(place, []).append((video, decoded.typical))
    seeds = ", ".join(sorted({str(member.seed) for member in members.values()}))
    about.write_config(out, about.read_config(run))
    about.write_dataset(
        out,
        about.SegmentationData(
            name="new videos",
            generated=False,
            fps=trained.data.fps,
            classes=(),
            excluded=(),
            videos=tuple(
                about.FrameVideo(video.name, place, video.num_frames, labels=False)
                for place, pairs in sorted(found.items())
                for video, _ in pairs
            ),
            origin=f"new videos, labeled with what {run} has learned (seed {seeds})",
            channels=new.num_channels,
        ),
    )
    moved = {place: each._replace(activity=place, test=()) for place, each in members.items()}
    about.write_members(out, [moved[place] for place in sorted(moved)])
    segmentation.write_typical(
        out, {place: _typical(moved[place], pairs) for place, pairs in found.items()}
    )
    _write_names(trained, out, members)
    shown = trained.config.report.max_videos
    footage.write(out, max_videos=shown, formats=formats, progress=progress)
    report.write_report(out, max_videos=shown, exports=False)
    return summary


def kind_of(trained: Trained) -> tuple[Kind, float]:
    """The kind of features that a run was made of, with its fitted parts, and their rate.

    Raises:
        ValueError: something that it needs is gone, damaged, or another one than in features.json.
    """
    folder, run = trained.workdir / FEATURES, trained.workdir
    record = folders.read_record(folder)
    if not record:
        raise ValueError(
            f"{folder / folders.RECORD} is gone, which says how {run}'s features were made; put it "
            "back, or run anew in another --workdir"
        )
    name = record.get("kind")
    kind = job.make_kind(name, **({"model": trained.config.data.onnx} if name == ONNX else {}))
    before, now = record.get("settings") or {}, kind.settings()
    for key in before | now:
        if before.get(key) != now.get(key):
            raise ValueError(
                f"{run}: its features of kind {name} were made with {key} = "
                f"{clip(before.get(key))}, here it is {clip(now.get(key))}: new ones "
                "would not be comparable; put back what was there, or run anew in another --workdir"
            )
    if kind.fitted_file:
        path = folder / kind.fitted_file
        what = "which new videos need for features in the run's space"
        if not path.is_file():
            raise ValueError(f"{path} is gone, {what}; put it back, or run anew")
        if folders.checksum(path) != record.get("fitted_sha256"):
            raise ValueError(
                f"{path} is not the file that {folder / folders.RECORD} tells of (by its SHA-256), "
                f"{what}; put that one back, or run anew"
            )
        kind.load(path)
    return kind, record["fps"]


def _check_members(trained: Trained, files: Iterable[str], activity: str, seed: int | None) -> None:
    """Raises ValueError, before any work, where it is not clear which member labels a video."""
    known = trained.data.activities
    for own in {name.rpartition("/")[0] for name in files}:
        trained.member(activity or (own if len(known) > 1 and own in known else ""), seed)


def _own_activity(member: about.Member, videos: Path) -> str:
    """Where videos in no subfolder belong: the member's activity, if no subfolder is called so."""
    taken = videos.is_dir() and (videos / member.activity).is_dir()
    return data.top_activity(videos) if taken else member.activity


def _typical(member: about.Member, pairs: Sequence[tuple[Video, Typical]]) -> dict:
    """Member directory -> for each cluster the most typical frames of the new videos."""
    candidates = {
        f"{index}/{name}": array[None]
        for index, (_, arrays) in enumerate(pairs)
        for name, array in zip(("similarity", "frames"), arrays, strict=True)
    }
    return most_typical([member], [video for video, _ in pairs], candidates)


def _claim(out: Path, origin: dict, taken: Sequence[Path]) -> None:
    """Makes OUT, or takes one of an earlier call, unless somebody has named others' clusters there.

    Raises:
        ValueError: it lies where it must not, is of something else, or has such names.
    """
    for path in taken:
        if out.resolve().is_relative_to(path.resolve()):
            raise ValueError(f"--out={out} is in {path}; give a folder of its own")
    if out.is_dir() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise ValueError(f"--out={out} is not empty and has no {RECORD}; give a new folder")
    out.mkdir(parents=True, exist_ok=True)
    before = _read_record(out)
    if _has_own_names(out) and {key: before.get(key) for key in origin} != origin:
        raise ValueError(
            f"{out / names.NAME} has names that somebody gave to clusters of {before.get('run')}, "
            f"which are others now; move it away, or give another --out"
        )
    write_json(out / RECORD, before | origin)


def _write_names(trained: Trained, out: Path, members: Mapping[str, about.Member]) -> None:
    """Writes names.csv as the run has it, unless somebody has changed what was written before."""
    if _has_own_names(out):
        return
    path, written = out / names.NAME, None
    path.unlink(missing_ok=True)
    if (trained.workdir / names.NAME).is_file():
        names.write_names(out, {place: trained.names(each) for place, each in members.items()})
        written = folders.checksum(path)
    write_json(out / RECORD, _read_record(out) | {"names_sha256": written})


def _has_own_names(out: Path) -> bool:
    """Whether names.csv in OUT is not the one that was written there from the run's."""
    path = out / names.NAME
    return path.is_file() and folders.checksum(path) != _read_record(out).get("names_sha256")


def _read_record(out: Path) -> dict:
    """Content of new_videos.json; empty where there is none."""
    path = out / RECORD
    content = read_json(path) if path.is_file() else {}
    if not isinstance(content, dict):
        raise ValueError(f"{path}: not a JSON object; remove it, or give another --out")
    return content
