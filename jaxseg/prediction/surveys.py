"""The first of two passes over an activity's videos: what all of their frames tell the decoding."""

from collections.abc import Callable, Sequence

import jax
import numpy as np

from jaxseg import processes
from jaxseg.data.segmentation.records import Video
from jaxseg.methods.method import Method
from jaxseg.training.members import Member

CHUNK = 4096  # all frames of an activity are padded to a multiple, so that few lengths compile


def make_surveyor(method: Method) -> Callable:
    """(members, videos, arguments, batch of a video) -> what `predict` gets as carried state.

    Methods that look at single videos hand their carried state through.
    """
    if method.survey is None:
        return lambda members, videos, arguments, padded: arguments[1]
    observe = jax.jit(jax.vmap(method.observe, in_axes=(0, 0, None, 0)))
    survey = jax.jit(jax.vmap(method.survey, in_axes=(0, None, 0, 0)))

    def run(members: Sequence[Member], videos: Sequence[Video], arguments, padded: Callable):
        params, carried, inputs = arguments
        own = {}
        for index, video in processes.share(videos):
            found = observe(params, carried, padded(video), inputs)
            own |= {
                f"{index}/{name}": np.asarray(array)[:, : video.num_frames]
                for name, array in found.items()
            }
        seen = processes.exchange(own)
        names = sorted({name.partition("/")[2] for name in seen})
        time = np.concatenate([np.arange(v.num_frames) / v.num_frames for v in videos])
        length = -(-len(time) // CHUNK) * CHUNK
        arrays = {
            name: _pad(np.concatenate([seen[f"{i}/{name}"] for i in range(len(videos))], 1), length)
            for name in names
        }
        mask = np.stack([_decoded_frames(member, videos, length) for member in members])
        time = np.pad(time, (0, length - len(time))).astype(np.float32)
        return survey(arrays, time, mask, inputs)

    return run


def is_tested(member: Member, video: Video) -> bool:
    """Whether a member decodes a video: all of them, or those that it has not learned from."""
    return not member.test or video.name in member.test


def _decoded_frames(member: Member, videos: Sequence[Video], length: int) -> np.ndarray:
    frames = [np.full(video.num_frames, is_tested(member, video)) for video in videos]
    return np.pad(np.concatenate(frames), (0, length - sum(map(len, frames))))


def _pad(array: np.ndarray, length: int) -> np.ndarray:
    """[members, frames, ...] with zeros up to a length."""
    widths = [(0, 0)] * array.ndim
    widths[1] = (0, length - array.shape[1])
    return np.pad(array, widths)
