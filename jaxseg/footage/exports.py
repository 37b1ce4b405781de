"""The segments of a video as files for other programs: CSV, WebVTT and ELAN's."""

from collections.abc import Callable, Sequence
from pathlib import Path

from jaxseg.footage.eaf import write_eaf
from jaxseg.footage.segments import Segment
from jaxseg.footage.vtt import write_vtt


def write_csv(path: Path, segments: Sequence[Segment], source: Path | None) -> None:
    """`start,end,label`: seconds and the cluster's number."""
    rows = (f"{s.start:.3f},{s.end:.3f},{s.cluster}\n" for s in segments)
    path.write_text("start,end,label\n" + "".join(rows), encoding="utf-8")


WRITERS: dict[str, Callable[[Path, Sequence[Segment], Path | None], None]] = {
    "csv": write_csv,
    "vtt": write_vtt,
    "eaf": write_eaf,
}


def write_exports(
    folder: Path, name: str, segments: Sequence[Segment], source: Path | None
) -> None:
    """`<folder>/<name>.csv`, `.vtt` and `.eaf`.

    Args:
        folder: is made where it is missing.
        name: of the video.
        segments: in their order.
        source: the video file, where it is known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, write in WRITERS.items():
        write(folder / f"{name}.{suffix}", segments, source)
