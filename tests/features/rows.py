"""What several tests of features ask of any kind's rows."""

import numpy as np


def rows_of(kind, frames):
    """Rows of a fitted kind for all frames of a video, float32 [frames, channels]."""
    encoder = kind.encoder()
    rows = [row for frame in frames for row in encoder.push(frame)] + encoder.finish()
    assert all(row.dtype == np.float32 and row.shape == (kind.channels,) for row in rows)
    return np.array(rows).reshape(-1, kind.channels)
