"""Features of motion as a kind: one row a frame, the same whatever happens around it."""

import pickle
import re

import numpy as np
import pytest
from rows import rows_of
from serial_pool import SerialPool

av = pytest.importorskip("av")
cv2 = pytest.importorskip("cv2")
pytest.importorskip("sklearn")

from jaxseg.features import pool  # noqa: E402
from jaxseg.features.job import make_kind  # noqa: E402
from jaxseg.features.motion.kind import Motion  # noqa: E402

FPS = 6.0
# Cheap to fit; tracks of 6 frames, 5 frames around each.
SMALL = {"components": 2, "window": 1.5, "track": 1.0}


def texture(seed):
    noise = np.random.default_rng(seed).normal(size=(96, 128)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def moving(frames, seed=0, size=(48, 64)):
    """A window over a texture, which rests for 12 frames and then goes right."""
    whole = texture(seed)
    for k in range(frames):
        right = min(max(3 * (k - 12), 0), 64)
        part = np.ascontiguousarray(whole[: size[0], right : right + size[1]])
        yield np.repeat(part[..., None], 3, axis=-1)


def write_video(path, frames):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=int(FPS))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Two short videos and one that is none."""
    folder = tmp_path_factory.mktemp("videos")
    for seed, frames in enumerate((24, 20)):
        write_video(folder / f"{seed}.mp4", moving(frames, seed))
    (folder / "broken.mp4").write_bytes(b"no video")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def fitted(videos):
    kind = make_kind("motion", **SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "cores", lambda: 1)
        kind.fit(videos, FPS)
    return kind


@pytest.mark.parametrize("count", [0, 1, 2, 6, 7, 8, 30])
def test_one_row_a_frame(fitted, count):
    rows = rows_of(fitted, moving(count))
    assert rows.shape == (count, 64)
    assert np.isfinite(rows).all()


def test_rows_come_as_soon_as_their_window_is_complete(fitted):
    encoder = fitted.encoder()
    ready = [len(encoder.push(frame)) for frame in moving(20)]
    # Frame k waits for tracks whose middle is 4 frames behind it, and these last 3 more.
    assert np.cumsum(ready).tolist() == [max(0, k - 6) for k in range(20)]
    assert len(encoder.finish()) == 7


def test_a_longer_video_begins_with_the_rows_of_a_shorter(fitted):
    frames = list(moving(36))
    short, long = rows_of(fitted, frames[:22]), rows_of(fitted, frames)
    np.testing.assert_array_equal(short[:15], long[:15])
    assert np.abs(short[-1] - long[21]).max() > 1e-3  # which the end of the video does change


def test_rows_see_motion(fitted):
    rows = rows_of(fitted, moving(30))
    rests, moves = rows[:5], rows[20:]  # whose tracks end before the motion, and begin with it
    gap = np.linalg.norm(rests.mean(axis=0) - moves.mean(axis=0))
    spread = [np.linalg.norm(part - part.mean(axis=0), axis=1).max() for part in (rests, moves)]
    assert gap > 2 * max(spread)


@pytest.mark.parametrize("size", [(48, 64), (1, 1), (3, 200), (9, 7)])
def test_flat_pictures_of_any_size(fitted, size):
    rows = rows_of(fitted, [np.full((*size, 3), 90, np.uint8)] * 9)
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows, rows[:1].repeat(9, axis=0), atol=1e-6)


def test_fitting_does_not_depend_on_order_and_processes(videos, fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "cores", lambda: 2)
    other = Motion(**SMALL)
    told = []
    other.fit(videos[::-1], FPS, lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] and told == sorted(told)
    fitted.save(tmp_path / "one.npz")
    other.save(tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_saved_and_moved_parts_give_the_same_rows(fitted, tmp_path):
    fitted.save(tmp_path / "motion.npz")
    loaded = Motion(**SMALL)
    assert loaded.needs_fitting and not fitted.needs_fitting
    loaded.load(tmp_path / "motion.npz")
    assert not loaded.needs_fitting and loaded.fps == FPS
    expected = rows_of(fitted, moving(12))
    for other in (loaded, pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(rows_of(other, moving(12)), expected)


def test_one_still_picture_is_enough_to_fit(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "Pool", SerialPool)
    write_video(tmp_path / "still.mp4", [np.full((48, 64, 3), 70, np.uint8)])
    kind = Motion(**SMALL)
    kind.fit([tmp_path / "still.mp4"], FPS)
    assert (rows_of(kind, moving(3)) == 0).all()  # nothing to tell apart has been seen
    assert rows_of(kind, moving(3)).shape == (3, 64)


def test_channels_beyond_what_was_seen_add_nothing(fitted):
    rows = rows_of(fitted, moving(30))  # nine vectors were seen, five and four of the two videos
    assert np.linalg.matrix_rank(rows - rows.mean(axis=0), tol=1e-4) == 8


def test_nothing_that_can_be_read(videos, monkeypatch):
    monkeypatch.setattr(pool, "Pool", SerialPool)
    broken = [path for path in videos if path.name == "broken.mp4"]
    with pytest.raises(ValueError, match="no video to learn from: none can be read"):
        Motion(**SMALL).fit(broken, FPS)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no archive\n"),
        lambda path: np.savez(path, other=np.zeros(3)),
        lambda path: np.savez(path, about=np.zeros(3)),
        lambda path: np.savez(path, about=np.array({}, object)),
        lambda path: np.savez(path, about=np.array("[1]")),
        lambda path: np.savez(path, about=np.array('{"what": "", "fps": 6, "settings": {}}')),
        lambda path: path.write_bytes(path.read_bytes()[:-200]),
        lambda path: path.write_bytes(path.read_bytes().replace(bytes(3), b"abc")),
        lambda path: path.unlink(),
    ],
)
def test_a_file_of_something_else(fitted, tmp_path, damage):
    path = tmp_path / "motion.npz"
    fitted.save(path)
    damage(path)
    with pytest.raises(ValueError, match=r"motion\.npz: no fitted features of motion") as caught:
        Motion(**SMALL).load(path)
    assert "\n" not in str(caught.value)


def test_a_file_of_other_settings(fitted, tmp_path):
    path = tmp_path / "motion.npz"
    fitted.save(path)
    message = re.escape(f"{path}: fitted with components = 2, not 3")
    with pytest.raises(ValueError, match=message):
        Motion(**{**SMALL, "components": 3}).load(path)
