"""Network -> detections of whole videos, under all members of a run at once."""

from collections.abc import Callable
from typing import Any

from jaxseg.config import Config
from jaxseg.data.snippets import SnippetSet, SnippetVideo
from jaxseg.data.streams import STREAMS
from jaxseg.methods.located import Located
from jaxseg.training.forward import make_forward
from jaxseg.training.loop import Setup

Detect = Callable[[Any, Any, SnippetVideo], list[Located]]


def make_detect(config: Config, data: SnippetSet, setup: Setup) -> Detect:
    """(params, carried, video) -> what each member of the run finds.

    Both trees have the members' axis in front, without the mesh's idle members. Each member is
    tested by its own `config.predict`.

    The function raises ValueError, with the video and the member, where a network's output is
    not finite.
    """
    forward = make_forward(setup.method, setup.inputs, len(setup.members), setup.mesh)
    view = STREAMS[config.sampling].test_view

    def detect(params, carried, video: SnippetVideo) -> list[Located]:
        outputs = forward(params, carried, *view(video, config.data))
        seconds = data.snippet_seconds(video) * video.num_snippets
        found = []
        for member, own in zip(setup.members, outputs, strict=True):
            try:
                found.append(setup.method.locate(own, member.config.predict, seconds))
            except ValueError as error:
                where = f"video {video.name!r}, {member.directory}"
                raise ValueError(f"{where}: {error}") from None
        return found

    return detect
