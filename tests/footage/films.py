"""A small run of small videos, and what its files say when they are read back."""

import json
from pathlib import Path

import numpy as np
import tiny_videos

from jaxseg.features.video.frames import VideoFile

FPS = 5.0
# Name -> suffix and first timestamp; the names are as strangers' disks have them.
FILMS = {
    'a "b" & <i>#1%20?': (".mp4", 0.0),
    "кухня ☕ l'été": (".mkv", 2.0),
    "<script>alert(1)": (".webm", 0.0),
}
LABELS = [3] * 2 + [0] * 4 + [1] * 3 + [0]  # ten rows, two seconds
GRAYS = {0: 40, 1: 120, 3: 200}


def write_run(root: Path, films=FILMS, *, activity: str = "tea & 茶") -> Path:
    """Videos in `root/my films/`, the files of a run in `root/run/`; two seeds, four clusters."""
    videos, entries, listed = root / "my films", {}, []
    for name, (suffix, first) in films.items():
        path = videos / activity / f"{name}{suffix}"
        # Ten pictures a second, each row of features has two.
        pictures = [tiny_videos.gray(GRAYS[label]) for label in np.repeat(LABELS, 2)]
        times = [first + k / 10 for k in range(len(pictures))]
        tiny_videos.write_video(path, pictures, times=times)
        entries[f"{activity}/{name}"] = describe(path, videos)
        listed.append({"name": name, "activity": activity, "frames": 10, "labels": False})
    members = [
        {"activity": activity, "seed": seed, "variant": "", "num_clusters": 4, "num_steps": 1}
        | {"directory": f"seed{seed}"}
        for seed in (0, 1)
    ]
    moments = [[], [], [], []]
    moments[1] = [{"video": name, "frame": 7, "similarity": 0.5} for name in films]
    write_json(root / "run/features/features.json", features(videos, entries))
    dataset = {"name": "videos", "generated": False, "fps": FPS, "videos": listed}
    write_json(root / "run/dataset.json", dataset | {"classes": [], "excluded": []})
    write_json(root / "run/members.json", members)
    write_json(root / "run/typical.json", {activity: {"seed0": moments}})
    write_json(root / "run/config.json", {"method": "asot"})
    for seed in (0, 1):
        labels = LABELS if seed == 0 else [2] * 10
        for name in films:
            path = root / f"run/predictions/{activity}/seed{seed}/{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{label}\n" for label in labels))
    return root / "run"


def features(folder: Path, entries) -> dict:
    return {"kind": "motion", "fps": FPS, "folder": str(folder), "videos": entries, "failed": {}}


def describe(path: Path, folder: Path) -> dict:
    """A video as features.json lists it."""
    video = VideoFile(path)
    first, duration = video.first_timestamp, video.duration
    status = path.stat()
    return {
        "source": path.relative_to(folder).as_posix(),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "first_timestamp": first,
        "duration": duration,
        "frames": 10,
    }


def write_json(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
