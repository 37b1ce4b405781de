"""Network -> detections of whole videos, under all members of a run at once (CASE)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxseg.data.snippet_sampling import test_snippets
from jaxseg.data.snippets import SnippetSet, SnippetVideo
from jaxseg.proposals import Detections, localize, score_map, video_scores
from jaxseg.training.loop import Setup
from jaxseg.training.members import Member
from jaxseg.training.sharding import replicated

_LOCALIZE = (
    *("class_threshold", "thresholds", "upsampling", "flank", "gamma"),
    *("nms", "nms_threshold", "nms_alpha"),
)


class Found(NamedTuple):
    """What one member makes of one video, brought to T snippets.

    Attributes:
        outputs: of the network, see `score_map`.
        score_map: float64 [T, G].
        video_scores: float64 [G].
        detections: in seconds.
    """

    outputs: dict[str, np.ndarray]
    score_map: np.ndarray
    video_scores: np.ndarray
    detections: Detections


Detect = Callable[[Any, Any, SnippetVideo], list[Found]]


def make_detect(data: SnippetSet, setup: Setup, num_snippets: int) -> Detect:
    """(params, carried, video) -> what each member of the run finds, compiled once.

    Both trees have the members' axis in front, without the mesh's idle members. Each member is
    tested by its own `config.predict`.

    The function raises ValueError, with the video and the member, where a network's output is
    not finite.
    """
    run = jax.jit(_all_members(setup), out_shardings=replicated(setup.mesh))

    def detect(params, carried, video: SnippetVideo) -> list[Found]:
        rgb, flow = test_snippets(video, num_snippets)
        outputs = run(params, carried, {"rgb": rgb, "flow": flow}, setup.inputs)
        outputs = jax.tree.map(np.asarray, outputs)
        classes = np.asarray(carried["cluster_classes"])
        seconds = data.snippet_seconds(video) * video.num_snippets
        found = []
        for index, member in enumerate(setup.members):
            own = {name: array[index] for name, array in outputs.items()}
            try:
                found.append(_find(member, own, classes[index], seconds))
            except ValueError as error:
                where = f"video {video.name!r}, {member.directory}"
                raise ValueError(f"{where}: {error}") from None
        return found

    return detect


def _all_members(setup: Setup):
    """`setup.method.predict` over the members, those that fill the mesh left out."""
    predict = jax.vmap(setup.method.predict, in_axes=(0, 0, None, 0))

    def run(params, carried, video, inputs):
        inputs = jax.tree.map(lambda leaf: leaf[: len(setup.members)], inputs)
        return predict(params, carried, video, inputs)

    return run


def _find(member: Member, outputs, cluster_classes, seconds: float) -> Found:
    settings = member.config.predict
    scores = score_map(
        outputs, cluster_classes, foreground=settings.foreground, omega=settings.omega
    )
    video = video_scores(outputs, scores, divisor=settings.top_divisor)
    options = {name: getattr(settings, name) for name in _LOCALIZE}
    return Found(outputs, scores, video, localize(scores, video, seconds=seconds, **options))
