"""From annotations and feature arrays to videos: equal lengths, equal channels, nothing blank."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from jaxseg.data.localization.annotations import Annotation, multi_hot
from jaxseg.data.localization.files import Streams
from jaxseg.data.localization.records import SnippetVideo
from jaxseg.data.segmentation.files import listed


def assemble(
    annotations: Mapping[str, Annotation],
    streams: Mapping[str, Streams],
    classes: tuple[str, ...],
    *,
    length_tolerance: int,
) -> tuple[SnippetVideo, ...]:
    """One `SnippetVideo` a video, sorted by subset and name.

    RGB and flow that differ by at most `length_tolerance` snippets are cut to the shorter.

    Args:
        annotations: by video.
        streams: by video, for the same videos.
        classes: every label of every annotation.
        length_tolerance: snippets.

    Raises:
        ValueError: streams of different lengths, of other channels than those of the most
            videos, or zero everywhere; names the files and what they have.
    """
    check_lengths(streams, length_tolerance)
    check_channels(streams)
    check_not_blank(streams)
    order = sorted(annotations, key=lambda video: (annotations[video].subset, video))
    return tuple(make_video(video, annotations[video], streams[video], classes) for video in order)


def check_lengths(streams: Mapping[str, Streams], length_tolerance: int) -> None:
    misfits = [
        f"{one.rgb_source} ({len(one.rgb)}) against {one.flow_source} ({len(one.flow)})"
        for one in streams.values()
        if abs(len(one.rgb) - len(one.flow)) > length_tolerance
    ]
    if misfits:
        raise ValueError(
            f"RGB and flow of {len(misfits)} of {len(streams)} videos differ in length by more "
            f"than data.length_tolerance={length_tolerance} snippets: {listed(misfits)}"
        )


def check_channels(streams: Mapping[str, Streams]) -> None:
    shapes = {source: array.shape for source, array in sides(streams)}
    usual = Counter(shape[1] for shape in shapes.values()).most_common(1)[0][0]
    others = [f"{source} {shape}" for source, shape in shapes.items() if shape[1] != usual]
    if others:
        raise ValueError(
            f"{len(others)} of {len(shapes)} streams have not {usual} channels as the others: "
            f"{listed(others)}"
        )


def check_not_blank(streams: Mapping[str, Streams]) -> None:
    # The first row spares reading the rest, which may be a memory map.
    blank = [source for source, array in sides(streams) if not (array[0].any() or array.any())]
    if blank:
        raise ValueError(
            f"{len(blank)} of {2 * len(streams)} streams are zero everywhere: {listed(blank)}"
        )


def sides(streams: Mapping[str, Streams]) -> list[tuple[str, np.ndarray]]:
    """(source, array) of the RGB and the flow of every video."""
    return [
        side
        for one in streams.values()
        for side in ((one.rgb_source, one.rgb), (one.flow_source, one.flow))
    ]


def make_video(
    name: str, annotation: Annotation, streams: Streams, classes: tuple[str, ...]
) -> SnippetVideo:
    """Cuts to the common length and replaces names of classes by their index."""
    length = min(len(streams.rgb), len(streams.flow))
    return SnippetVideo(
        name,
        annotation.subset,
        streams.rgb[:length],
        streams.flow[:length],
        multi_hot(annotation.labels, classes),
        tuple((start, end, classes.index(label)) for start, end, label in annotation.segments),
        annotation.duration,
    )
