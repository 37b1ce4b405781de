"""Generated films of a drawn person: six known movements, in drawn orders, before a fixed camera.

They are not recordings. A body, arms and a wall with textures move as a skeleton of angles says;
what differs from time to time is the speed, the width and the start of a movement, how long it
lasts, and the noise of a sensor; what differs from film to film are clothes, light and the place.

    python -m benchmarks.films DIR
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks.harness import positive
from jaxseg import command_line
from jaxseg.features import need
from jaxseg.footage.signs import WHOLE, draw_order, write_truth
from jaxseg.formats.files import atomic_write

FPS = 25
WIDTH, HEIGHT = 320, 240
SEGMENTS, SECONDS, PERIODS = (8, 11), (3.0, 8.0), (1.0, 2.0)  # least and most
BLEND = 0.6  # seconds in which arms go from one movement to the next; the border is its middle
NOISE = 4.0  # deviation of a pixel's value
ARM, WIDE = 46, 15  # length and width of half an arm, in pixels

# Angles in radians: how far left and right upper arm are from hanging down, outward, and how far
# the forearms are bent, inward. Functions of the phase and of how wide a movement is.
Pose = tuple[float, float, float, float]
ACTIONS: dict[str, Callable[[float, float], Pose]] = {
    "rest": lambda t, a: (0.1, 0.05 * a * math.sin(t), 0.1, 0.05 * a * math.sin(t)),
    "wave": lambda t, a: (0.1, 0.1, 2.0, -0.6 - 0.6 * a * math.sin(t)),
    "stir": lambda t, a: (0.1, 0.1, 0.4 + 0.3 * a * math.cos(t), 1.7 + 0.4 * a * math.sin(t)),
    "clap": lambda t, a: (0.6, 1.7 + 0.4 * a * math.sin(t), 0.6, 1.7 + 0.4 * a * math.sin(t)),
    "hammer": lambda t, a: (0.1, 0.1, 1.4 + 0.6 * a * math.sin(t), 0.3 + 0.4 * a * math.sin(t)),
    "lift": lambda t, a: (1.6 + a * math.sin(t), 0.2, 1.6 + a * math.sin(t), 0.2),
}


class Part(NamedTuple):
    """One movement in a film."""

    action: str  # of `ACTIONS`
    seconds: float
    period: float  # seconds of one turn
    width: float  # factor of its extent
    phase: float  # that it starts with


def make(folder: Path, *, num_films: int = 4, seed: int = 0) -> Path:
    """Makes the films that are missing in a folder, with their truth in `groundTruth/`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in tqdm(range(num_films), desc="drawing films", unit="film", leave=False):
        path = folder / f"film{number}.mp4"
        parts = plan([seed, number])
        ends = np.cumsum([part.seconds for part in parts])
        write_truth(folder / "groundTruth" / f"film{number}.csv", [p.action for p in parts], ends)
        if not path.is_file():
            with atomic_write(path) as temporary:
                write_video(temporary, draw(parts, [seed, number]))
    return folder


def plan(seed: list[int]) -> list[Part]:
    """Draws the movements of one film: all recur in no fixed order, none twice in a row."""
    rng = np.random.default_rng(seed)
    order = draw_order(rng, list(ACTIONS), SEGMENTS)
    return [
        Part(
            action=name,
            seconds=round(rng.uniform(*SECONDS) / WHOLE) * WHOLE,
            period=rng.uniform(*PERIODS),
            width=rng.uniform(0.7, 1.2),
            phase=rng.uniform(0, 2 * math.pi),
        )
        for name in order
    ]


def poses(parts: list[Part]) -> Iterator[Pose]:
    """The pose of every picture; near a border, a blend of both movements."""
    ends = np.cumsum([part.seconds for part in parts])
    for frame in range(round(ends[-1] * FPS)):
        time = frame / FPS
        place = min(int(np.searchsorted(ends, time, side="right")), len(parts) - 1)
        start = ends[place] - parts[place].seconds
        pose = np.array(_pose(parts[place], time - start))
        near, share = place, 0.0
        if place and time - start < BLEND / 2:
            near, share = place - 1, 0.5 - (time - start) / BLEND
        elif place + 1 < len(parts) and ends[place] - time < BLEND / 2:
            near, share = place + 1, 0.5 - (ends[place] - time) / BLEND
        other = np.array(_pose(parts[near], time - ends[near] + parts[near].seconds))
        share = share * share * (3 - 2 * share)
        yield tuple((pose + share * (other - pose)).tolist())


def _pose(part: Part, time: float) -> Pose:
    return ACTIONS[part.action](part.phase + 2 * math.pi * time / part.period, part.width)


def draw(parts: list[Part], seed: list[int]) -> Iterator[np.ndarray]:
    """Yields the pictures of a film, uint8 [HEIGHT, WIDTH, 3]."""
    rng = np.random.default_rng([*seed, 1])
    room = texture(np.random.default_rng(seed[0]), (HEIGHT, WIDTH), 90)  # of all films
    cloth = texture(rng, (HEIGHT, WIDTH), rng.uniform(60, 200))
    skin = texture(rng, (2 * ARM, 2 * WIDE), 190) * np.float32([0.7, 0.8, 1.0])
    light, x, y = rng.uniform(0.85, 1.15), *rng.uniform(-12, 12, 2)
    noise = rng.normal(0, NOISE, (8, HEIGHT, WIDTH, 3)).astype(np.float32)
    for pose in poses(parts):
        picture = light * figure(room.copy(), cloth, skin, pose, (160 + x, 100 + y))
        # Eight pictures of noise, shifted by chance, are drawn much faster than one each.
        grain = np.roll(noise[rng.integers(8)], rng.integers(0, 200, 2), axis=(0, 1))
        yield np.clip(picture + grain, 0, 255).astype(np.uint8)


def texture(rng: np.random.Generator, size: tuple[int, int], value: float) -> np.ndarray:
    """Smooth colored noise around a gray value, float32 [*size, 3]."""
    cv2 = need("cv2")
    layers = [
        cv2.resize(rng.normal(0, 1, (*(max(2, n // step) for n in size), 3)), size[::-1])
        for step in (4, 16, 48)
    ]
    return np.clip(value + 22 * sum(layers), 0, 255).astype(np.float32)


def figure(
    picture: np.ndarray, cloth: np.ndarray, skin: np.ndarray, pose: Pose, neck: tuple[float, float]
) -> np.ndarray:
    """Draws a person onto a picture: head, body, upper arms with the cloth's texture, forearms."""
    cv2 = need("cv2")
    x, y = neck
    body = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(body, [np.int32([[x - 34, y], [x + 34, y], [x + 28, 240], [x - 28, 240]])], 1)
    picture[body > 0] = cloth[body > 0]
    cv2.ellipse(picture, (round(x), round(y - 26)), (17, 23), 0, 0, 360, (150, 165, 205), -1)
    for side, (shoulder, elbow) in ((-1, pose[:2]), (1, pose[2:])):
        start = x + side * 36, y + 8
        middle = limb(picture, cloth[:ARM, : 2 * WIDE], start, side * shoulder, WIDE)
        limb(picture, skin, middle, side * (shoulder - elbow), WIDE - 4)
    return picture


def limb(
    picture: np.ndarray,
    surface: np.ndarray,
    start: tuple[float, float],
    angle: float,
    width: int,
) -> tuple[float, float]:
    """Draws half an arm from a point on, at an angle from straight down; returns its other end."""
    cv2 = need("cv2")
    along = np.array([math.sin(angle), math.cos(angle)])
    across = np.array([along[1], -along[0]]) * width / 2
    end = start + ARM * along
    corners = np.float32([start - across, start + across, end - across])
    height, breadth = surface.shape[:2]
    move = cv2.getAffineTransform(np.float32([[0, 0], [breadth, 0], [0, height]]), corners)
    drawn = cv2.warpAffine(surface, move, picture.shape[1::-1])
    inside = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.int32([*corners[:2], end + across, corners[2]])], 1)
    picture[inside > 0] = drawn[inside > 0]
    return tuple(end.tolist())


def write_video(path: Path, pictures: Iterator[np.ndarray]) -> None:
    """Writes H.264."""
    av = need("av")
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count = 1  # the same bytes on every machine
        for pixels in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())


def main(arguments: list[str] | None = None) -> int:
    parser = command_line.Parser("python -m benchmarks.films", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="for films and their groundTruth/")
    parser.add_argument("--films", type=positive, default=4, metavar="N", help="how many (4)")
    options: argparse.Namespace = parser.parse_args(arguments)
    return command_line.run(lambda: make(options.folder, num_films=options.films))


if __name__ == "__main__":
    sys.exit(main())
