"""Which videos a member trains on and which it is tested on."""

import zlib
from collections.abc import Sequence

import numpy as np

from jaxseg.data.segmentation.records import Video


def test_videos(videos: Sequence[Video], share: float, seed: int) -> tuple[str, ...]:
    """Names of the videos of one activity that are kept for testing, sorted.

    Args:
        videos: of one activity.
        share: part of them that is tested on, in [0, 1); 0 gives none.
        seed: each draws a split of its own.

    Raises:
        ValueError: where the share leaves nothing to train on, or to test on.
    """
    if not share:
        return ()
    activity, count = videos[0].activity, round(share * len(videos))
    if not 0 < count < len(videos):
        raise ValueError(
            f"activity {activity!r} has {len(videos)} videos: config.data.test_share={share} "
            f"leaves {count} to test and {len(videos) - count} to train on"
        )
    generator = np.random.default_rng((seed, zlib.crc32(activity.encode()), 3))
    chosen = generator.permutation(len(videos))[:count]
    return tuple(sorted(videos[index].name for index in chosen))
