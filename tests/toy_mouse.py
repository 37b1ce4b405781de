"""A mouse from above that a program makes up: it rests, walks, turns, grooms and rears in bouts.

    python -m tests.toy_mouse OUT

writes OUT/poses, files of DeepLabCut, and OUT/raw, their coordinates as plain numbers with gaps
filled in, both with labels: 4 recordings of 3,000 frames.
"""

import argparse
from pathlib import Path

import numpy as np

KEYPOINTS = (
    *("nose", "left_ear", "right_ear", "neck", "left_hip", "right_hip"),
    *("left_forepaw", "right_forepaw", "tailbase"),
)
AT_REST = np.array(
    [40, 28 + 9j, 28 - 9j, 18, -20 + 11j, -20 - 11j, 20 + 12j, 20 - 12j, -32]
)  # pixels, nose ahead
KINDS = ("rest", "walk", "turn", "groom", "rear")
SCORER = "DLC_resnet50_openfieldJan1shuffle1_100000"


def make(
    frames: int = 600, seed: int = 0, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points [frames, keypoints, 2] in pixels, confidences [frames, keypoints], kinds [frames].

    Now and then a keypoint is taken for something else, and its confidence is low.
    """
    rng = np.random.default_rng(seed)
    kinds = [0]
    while len(kinds) < frames:
        kind = rng.choice([each for each in range(len(KINDS)) if each != kinds[-1]])
        kinds += [kind] * int(rng.integers(45, 150))
    kinds = np.array(kinds[:frames])
    # What changes when another bout begins does so within a few frames.
    share = np.stack([_smooth(kinds == kind) for kind in range(len(KINDS))])
    _, walk, turn, groom, rear = share
    speed = 4 * walk + turn
    bouts = np.cumsum(np.diff(kinds, prepend=kinds[0]) != 0)
    turning = 0.08 * turn * rng.choice([-1, 1], bouts[-1] + 1)[bouts]
    angle = rng.uniform(0, 2 * np.pi) + np.cumsum(turning + rng.normal(0, 0.004, frames))
    center = 300 + 250j + np.cumsum(speed * np.exp(1j * angle))
    beat = 0.35 * np.arange(frames)
    body = np.tile(AT_REST, (frames, 1))
    ahead = body.real > 0
    shrink = 1 - ahead * (0.4 * rear + 0.2 * groom)[:, None]
    body = body.real * shrink + 1j * body.imag
    body[:, 0] += 1j * (120 * turning + 3 * groom * np.sin(1.5 * beat))
    for place, side in ((6, 1), (7, -1)):
        body[:, place] += side * 1.5 * speed * np.sin(beat)
        body[:, place] += groom * (
            10 + 4 * np.sin(3 * beat) - side * 1j * (8 - 3 * np.cos(3 * beat))
        )
    plane = center[:, None] + body * np.exp(1j * angle)[:, None]
    points = np.stack([plane.real, plane.imag], axis=2) + rng.normal(0, noise, (*plane.shape, 2))
    confidence = np.clip(rng.normal(0.97, 0.02, plane.shape), 0, 1)
    for place in range(len(KEYPOINTS)):
        for start in rng.integers(0, frames, frames // 250):
            stop = start + rng.integers(2, 20)
            confidence[start:stop, place] = rng.uniform(0, 0.3)
            points[start:stop, place] += rng.normal(0, 60, 2)
    return points, confidence, kinds


def _smooth(values: np.ndarray) -> np.ndarray:
    return np.convolve(np.pad(values.astype(float), 4, mode="edge"), np.full(9, 1 / 9), "valid")


def write_deeplabcut(path: Path, points: np.ndarray, confidence: np.ndarray) -> Path:
    """DeepLabCut's table of one animal."""
    header = [
        ["scorer", *[SCORER] * 3 * len(KEYPOINTS)],
        ["bodyparts", *np.repeat(KEYPOINTS, 3)],
        ["coords", *["x", "y", "likelihood"] * len(KEYPOINTS)],
    ]
    values = np.concatenate([points, confidence[..., None]], axis=2).reshape(len(points), -1)
    rows = [[str(frame), *map("{:.4f}".format, row)] for frame, row in enumerate(values)]
    path.write_text("".join(",".join(row) + "\n" for row in [*header, *rows]))
    return path


def write_folders(out: Path) -> None:
    """The folders of the command above."""
    for seed in range(4):
        points, confidence, kinds = make(3000, seed)
        known = confidence >= 0.6
        filled = [
            np.interp(np.arange(len(points)), np.flatnonzero(sure), coordinate[sure])
            for keypoint, sure in zip(points.transpose(1, 2, 0), known.T, strict=True)
            for coordinate in keypoint
        ]
        for kind in ("poses", "raw"):
            truth = out / kind / "groundTruth" / f"mouse{seed}.txt"
            truth.parent.mkdir(parents=True, exist_ok=True)
            truth.write_text("".join(f"{KINDS[each]}\n" for each in kinds))
        write_deeplabcut(out / "poses" / f"mouse{seed}.csv", points, confidence)
        np.save(out / "raw" / f"mouse{seed}.npy", np.stack(filled, axis=1).astype(np.float32))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to be made")
    write_folders(parser.parse_args().out)
