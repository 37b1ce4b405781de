"""The streams by the name under which a method asks for them."""

from collections.abc import Callable, Sequence

from jaxseg.data.loader import Stream
from jaxseg.data.pairs import PairStream
from jaxseg.data.sampling import FrameStream
from jaxseg.data.snippet_sampling import SnippetStream


def _frames(videos: Sequence, seed: int, settings) -> Stream:
    return FrameStream(videos, seed=seed, **_shape(settings))


def _pairs(videos: Sequence, seed: int, settings) -> Stream:
    return PairStream(
        videos, seed=seed, bins=settings.bins, window=settings.window, **_shape(settings)
    )


def _snippets(videos: Sequence, seed: int, settings) -> Stream:
    names = ("videos_per_batch", "num_snippets")
    return SnippetStream(videos, seed=seed, **{name: getattr(settings, name) for name in names})


def _shape(settings) -> dict[str, int]:
    names = ("videos_per_batch", "frames_per_video")
    return {name: getattr(settings, name) for name in names}


# name -> (videos, seed, config.data) -> stream
STREAMS: dict[str, Callable[[Sequence, int, object], Stream]] = {
    "frames": _frames,
    "pairs": _pairs,
    "snippets": _snippets,
}
