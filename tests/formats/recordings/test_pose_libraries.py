"""Poses that movement, sleap-io and pynwb wrote are read as they themselves read them."""

import warnings
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from jaxseg.formats.recordings import poses
from jaxseg.formats.recordings.recording import DEFAULTS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pynwb
    import sleap_io
    from movement.io import load_dataset, load_poses, save_poses
    from ndx_pose import PoseEstimation, PoseEstimationSeries, Skeleton, Skeletons
    from sleap_io.io import analysis_h5
    from sleap_io.io import csv as sleap_csv

pytestmark = pytest.mark.filterwarnings("ignore")
NAMES, PARTS = ("Al", "Bo"), ("snout", "middle", "tail_base")
RNG = np.random.default_rng(0)
POSITIONS = RNG.random((30, 2, 3, 2)) * 100  # frames, coordinates, keypoints, individuals
SURE = RNG.uniform(0.61, 1, (30, 3, 2))
POSITIONS[5:8, :, 1, 0] = np.nan


def dataset(individuals=NAMES):
    count = len(individuals)
    return load_poses.from_numpy(
        POSITIONS[..., :count], SURE[..., :count], list(individuals), list(PARTS), fps=30
    )


def same(path, expected, names=NAMES, *, features=True):
    """What is read of a file is movement's own data set, and features come of it."""
    file = poses.find_reader(path)(path)
    assert [track.name for track in file.tracks] == list(names)
    individual, keypoint = (
        next(dim for dim in expected.dims if dim.startswith(what)) for what in ("indiv", "keyp")
    )
    points = expected["position"].transpose(individual, "time", keypoint, "space")
    sure = expected["confidence"].transpose(individual, "time", keypoint)
    for at, track in enumerate(file.tracks):
        order = [list(expected[keypoint].values).index(name) for name in track.keypoints]
        np.testing.assert_allclose(track.points, points.values[at][:, order], rtol=1e-6)
        np.testing.assert_allclose(track.confidence, sure.values[at][:, order], rtol=1e-6)
    if features:
        assert all(np.isfinite(each.array).all() for each in poses.read(path, DEFAULTS).values())
    return file


def test_deeplabcut_and_lightning_pose(tmp_path):
    for individuals, names in ((NAMES, NAMES), (NAMES[:1], NAMES[:1])):
        for suffix in (".csv", ".h5"):
            path = tmp_path / f"{len(individuals)}{suffix}"
            save_poses.to_dlc_file(dataset(individuals), path, split_individuals=False)
            same(path, load_dataset(path, "DeepLabCut"), names)
    frame = pd.read_hdf(tmp_path / "2.h5")
    # DeepLabCut's own layout, which pandas calls a table.
    frame.to_hdf(tmp_path / "t.h5", key="df_with_missing", format="table", mode="w")
    same(tmp_path / "t.h5", load_dataset(tmp_path / "t.h5", "DeepLabCut"))
    save_poses.to_lp_file(dataset(NAMES[:1]), tmp_path / "lp.csv")
    path = next(tmp_path.glob("lp*.csv"))
    same(path, load_dataset(path, "LightningPose"), [""])


def test_sleap(tmp_path):
    path = tmp_path / "m.h5"
    save_poses.to_sleap_analysis_file(dataset(), path)
    same(path, load_dataset(path, "SLEAP"))
    skeleton = sleap_io.Skeleton(list(PARTS))
    video = sleap_io.Video(filename="a.mp4", open_backend=False, backend_metadata={"fps": 25.0})
    tracks = [sleap_io.Track(name) for name in NAMES]
    frames = []
    for at in range(30):
        instances = [
            sleap_io.PredictedInstance.from_numpy(
                POSITIONS[at, :, :, body].T,
                skeleton=skeleton,
                point_scores=SURE[at, :, body],
                score=0.9,
                track=tracks[body],
            )
            for body in range(2)
            if (at, body) != (9, 1)
        ]
        frames.append(sleap_io.LabeledFrame(video=video, frame_idx=at, instances=instances))
    labels = sleap_io.Labels(frames, videos=[video], skeletons=[skeleton], tracks=tracks)
    sleap_io.save_slp(labels, tmp_path / "m.slp")
    expected = load_dataset(tmp_path / "m.slp", "SLEAP")
    for preset in ("matlab", "standard"):
        analysis_h5.write_labels(labels, tmp_path / f"{preset}.h5", preset=preset)
        same(tmp_path / f"{preset}.h5", expected)
    for form in ("sleap", "instances"):
        sleap_csv.write_labels(labels, tmp_path / f"{form}.csv", format=form)
        same(tmp_path / f"{form}.csv", expected)
    # Of two videos, movement reads the first.
    other = sleap_io.Video(filename="b.mp4", open_backend=False)
    instance = sleap_io.PredictedInstance.from_numpy(POSITIONS[0, :, :, 1].T, skeleton=skeleton)
    frames.append(sleap_io.LabeledFrame(video=other, frame_idx=99, instances=[instance]))
    labels = sleap_io.Labels(frames, videos=[video, other], skeletons=[skeleton], tracks=tracks)
    sleap_io.save_slp(labels, tmp_path / "m.slp")
    file = same(tmp_path / "m.slp", expected, features=False)
    assert "first of its 2 videos" in file.notes[0]


def test_anipose(tmp_path):
    columns = {"fnum": np.arange(30)}
    for part in PARTS:
        for end in ("x", "y", "z", "score", "error", "ncams"):
            columns[f"{part}_{end}"] = RNG.uniform(0.61, 1, 30)
    for name in (*(f"M_{row}{col}" for row in range(3) for col in range(3)), "center_0"):
        columns[name] = np.zeros(30)
    columns |= {"center_1": np.zeros(30), "center_2": np.zeros(30)}
    pd.DataFrame(columns).to_csv(tmp_path / "m.csv", index=False)
    same(tmp_path / "m.csv", load_dataset(tmp_path / "m.csv", "Anipose"), [""])


def nwb(path, clock):
    """A file of two animals, each a container of poses, as ndx-pose writes it."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    file = pynwb.NWBFile("session", "id", start)
    module = file.create_processing_module("behavior", "poses")
    skeletons = [Skeleton(name=f"of_{name}", nodes=list(PARTS)) for name in NAMES]
    module.add(Skeletons(skeletons=skeletons))
    for body, name in enumerate(NAMES):
        series = [
            PoseEstimationSeries(
                name=part,
                data=POSITIONS[:, :, at, body],
                confidence=SURE[:, at, body],
                unit="pixels",
                reference_frame="left, top",
                **clock,
            )
            for at, part in enumerate(PARTS)
        ]
        module.add(
            PoseEstimation(
                name=name, pose_estimation_series=series, skeleton=skeletons[body], description="d"
            )
        )
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def test_nwb(tmp_path):
    path = nwb(tmp_path / "m.nwb", {"starting_time": 0.0, "rate": 25.0})
    file = poses.find_reader(path)(path)
    assert file.fps == 25 and [track.name for track in file.tracks] == list(NAMES)
    for body, track in enumerate(file.tracks):
        order = [PARTS.index(name) for name in track.keypoints]
        np.testing.assert_allclose(track.points[:, :, 0], POSITIONS[:, 0, order, body])
        alone = load_dataset(path, "NWB", pose_estimation_key=NAMES[body])
        keypoint = next(dim for dim in alone.dims if dim.startswith("keyp"))
        theirs = alone["position"].sel({keypoint: list(track.keypoints)}).squeeze()
        theirs = theirs.transpose("time", keypoint, "space").values
        np.testing.assert_allclose(track.points, theirs)
    times = np.delete(np.arange(33) / 20, [4, 7, 8])
    path = nwb(tmp_path / "t.nwb", {"timestamps": times})
    file = poses.find_reader(path)(path)
    assert file.fps == 20 and file.tracks[0].points.shape == (33, 3, 2)
    assert np.isnan(file.tracks[0].points[[4, 7, 8]]).all()


def test_movements_own_nwb(tmp_path):
    save = dataset(NAMES[:1])
    written = save_poses.to_nwb_file(save)
    written = written[0] if isinstance(written, list) else written
    with pynwb.NWBHDF5IO(tmp_path / "m.nwb", "w") as io:
        io.write(written)
    file = same(tmp_path / "m.nwb", load_dataset(tmp_path / "m.nwb", "NWB"), [""])
    assert file.fps == 30
