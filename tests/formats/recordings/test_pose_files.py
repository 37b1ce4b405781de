"""Files of poses are recognized by what is in them, and read by the names of their columns."""

import json
import sys

import h5py
import numpy as np
import pytest
import toy_mouse

from jaxseg.formats.recordings import poses, poses_containers
from jaxseg.formats.recordings.recording import DEFAULTS

RNG = np.random.default_rng(0)
POINTS = RNG.random((6, 3, 2)) * 100
SURE = RNG.uniform(0.7, 1, (6, 3))


def bodies(path):
    return poses.find_reader(path)(path)


def table(path, header, rows):
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    path.write_text("".join(line + "\n" for line in lines))
    return path


def deeplabcut(path, columns, rows, scorers=("net",)):
    """A table with the header rows of `columns`: (scorer, individual, body part, coordinate)."""
    levels = ("scorer", "individuals", "bodyparts", "coords")
    used = [at for at in range(4) if at != 1 or columns[0][1]]
    header = [",".join([levels[at], *(column[at] for column in columns)]) for at in used]
    return table(path, "\n".join(header), rows)


def test_one_animal_of_deeplabcut(tmp_path):
    points, confidence, _ = toy_mouse.make(50)
    path = toy_mouse.write_deeplabcut(tmp_path / "m.csv", points, confidence)
    track = bodies(path).tracks[0]
    np.testing.assert_allclose(track.points, points, atol=1e-4)
    np.testing.assert_allclose(track.confidence, confidence, atol=1e-4)
    assert track.keypoints == toy_mouse.KEYPOINTS
    recording = poses.read(path, DEFAULTS)[""]
    assert recording.array.shape == (50, 30) and len(recording.channels) == 30


def test_animals_and_the_points_of_the_arena(tmp_path):
    """Individuals with other keypoints shift no column; ensembles' further columns neither."""
    columns = [
        ("net", who, part, axis)
        for who, parts in (("A", "xy"), ("B", "xy"), ("single", "c"))
        for part in parts
        for axis in ("x", "y", "likelihood", "x_ens_var")
    ]
    values = RNG.random((6, len(columns)))
    values[:, 2::4] = 0.9
    path = deeplabcut(tmp_path / "m.csv", columns, np.c_[np.arange(6), values])
    tracks = {track.name: track for track in bodies(path).tracks}
    assert list(tracks) == ["A", "B", "single"] and tracks["single"].keypoints == ("c",)
    np.testing.assert_allclose(tracks["B"].points[:, 1], values[:, 12:14])
    recordings = poses.read(path, DEFAULTS)
    assert list(recordings) == ["A", "B"]
    assert any("single" in note for note in recordings["A"].notes)
    chosen = poses.read(path, DEFAULTS._replace(individual="B"))
    np.testing.assert_array_equal(chosen["B"].array, recordings["B"].array)
    with pytest.raises(ValueError, match=r"m\.csv: data\.individual: there is no 'b'; there is B"):
        poses.read(path, DEFAULTS._replace(individual="b"))


def test_frames_that_a_table_leaves_out_are_gaps(tmp_path):
    columns = [("net", "", part, axis) for part in "ab" for axis in "xy"]
    rows = [[frame, frame, 0, frame, 9] for frame in (10, 11, 14, 15)]
    track = bodies(deeplabcut(tmp_path / "m.csv", columns, rows)).tracks[0]
    assert track.confidence is None
    expected = [10, 11, np.nan, np.nan, 14, 15]
    np.testing.assert_array_equal(track.points[:, 0, 0], expected)


def test_of_two_scorers_the_first_is_read(tmp_path):
    columns = [(who, "", part, axis) for who in ("n", "m") for part in "ab" for axis in "xy"]
    file = bodies(deeplabcut(tmp_path / "m.csv", columns, [range(9), range(9)]))
    assert file.tracks[0].points[0].tolist() == [[1, 2], [3, 4]]
    assert "the first, n, is read" in file.notes[0]


def test_keypoints_come_in_one_order_and_may_be_chosen(tmp_path):
    recordings = []
    for order in ("nose tail ear", "ear nose tail"):
        parts = order.split()
        columns = [("net", "", part, axis) for part in parts for axis in "xy"]
        at = [["nose", "tail", "ear"].index(part) for part in parts]
        rows = np.c_[np.arange(6), POINTS[:, at].reshape(6, -1)]
        path = deeplabcut(tmp_path / f"{parts[0]}.csv", columns, rows)
        recordings.append(poses.read(path, DEFAULTS)[""])
    np.testing.assert_allclose(recordings[0].array, recordings[1].array)
    assert recordings[0].channels == recordings[1].channels
    chosen = poses.read(path, DEFAULTS._replace(keypoints=("tail", "nose")))[""]
    assert chosen.channels[0] == "nose forward" and len(chosen.channels) == 9


NAMED = {
    "MediaPipe's numbers": ["x0,y0,v0", "x1,y1,v1", "x2,y2,v2"],
    "names": ["NOSE_x,NOSE_y,NOSE_visibility", "L_EAR_x,L_EAR_y,L_EAR_visibility", "R_x,R_y,R_v"],
    "spoken": ["Nose X,Nose Y,Nose conf", "Ear X,Ear Y,Ear conf", "Tail X,Tail Y,Tail conf"],
    "dots": ["nose.x,nose.y,nose.score", "ear.x,ear.y,ear.score", "tail.x,tail.y,tail.score"],
    "coordinate first": ["x_nose,y_nose,c_nose", "x_ear,y_ear,c_ear", "x_tail,y_tail,c_tail"],
}


@pytest.mark.parametrize("columns", NAMED.values(), ids=NAMED)
def test_points_in_a_wide_table(tmp_path, columns):
    rows = np.concatenate([POINTS, SURE[..., None]], axis=2).reshape(6, -1)
    path = table(
        tmp_path / "m.csv", "stamp,label," + ",".join(columns), [[7, "a", *r] for r in rows]
    )
    file = bodies(path)
    np.testing.assert_allclose(file.tracks[0].points, POINTS)
    np.testing.assert_allclose(file.tracks[0].confidence, SURE)
    assert "left out: stamp, label" in file.notes[1]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_other_delimiters_and_empty_cells(tmp_path, delimiter):
    path = tmp_path / "m.tsv"
    path.write_bytes(
        "\ufeffa_x,a_y,a_score,b_x,b_y,b_score,c_x,c_y,c_score\r\n"
        "1,2,1,3,4,1,,,\r\n0,0,0,0,0,0,0,0,0\r\n".replace(",", delimiter).encode()
    )
    points = bodies(path).tracks[0].points
    np.testing.assert_array_equal(points[0], [[1, 2], [3, 4], [np.nan, np.nan]])
    assert np.isnan(points[1]).all()  # nothing was detected there


PLAIN = {
    "numbers": "1,2,3\n4,5,6\n",
    "sensors": "acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,mag_x,mag_y,mag_z\n" + "1," * 8 + "1\n",
    "places of sensors": "ankle_acc_x,ankle_acc_y,chestGyro_x,chestGyro_y,a_rot_x,a_rot_y\n",
    "numbered sensors": "x1,y1,z1,x2,y2,z2,x3,y3,z3,x4,y4,z4\n" + "1," * 11 + "1\n",
    "two points": "a_x,a_y,b_x,b_y\n1,2,3,4\n",
    "features": "time,speed,heading\n1,2,3\n",
    "segments": "start,end,label\n0,1,a\n",
    "nothing": "",
    "no text": "\x00\x01\x02",
}


@pytest.mark.parametrize("content", PLAIN.values(), ids=PLAIN)
def test_other_tables_are_no_poses(tmp_path, content):
    path = tmp_path / "mouseDLC_resnet50.csv"
    path.write_text(content)
    assert not poses.reads(path)


def test_rows_of_several_bodies(tmp_path):
    """SLEAP's form, a row an instance, some of which are not there in each frame."""
    header = "track,frame_idx,instance.score,a.x,a.y,a.score,b.x,b.y,b.score"
    rows = [
        ["A", 5, 0.9, 1, 2, 0.9, 3, 4, 0.8],
        ["B", 5, 0.9, 10, 20, 0.9, 30, 40, 0.8],
        ["A", 7, 0.9, 5, 6, 0.9, 7, 8, 0.8],
        ["B", 8, 0.9, 11, 21, 0.9, 31, 41, 0.8],
    ]
    header, rows = header + ",c.x,c.y,c.score", [[*row, 1, 1, 1] for row in rows]
    tracks = {track.name: track for track in bodies(table(tmp_path / "m.csv", header, rows)).tracks}
    assert list(tracks) == ["A", "B"] and tracks["A"].points.shape == (4, 3, 2)
    np.testing.assert_array_equal(tracks["A"].points[:, 0, 0], [1, np.nan, 5, np.nan])
    np.testing.assert_array_equal(tracks["B"].points[:, 1, 1], [40, np.nan, np.nan, 41])
    with pytest.raises(ValueError, match=r"m\.csv: several rows have one frame number, and no"):
        poses.read(table(tmp_path / "m.csv", header, [["", *row[1:]] for row in rows]), DEFAULTS)
    with pytest.raises(ValueError, match=r"m\.csv: a body has several rows of one frame number"):
        poses.read(table(tmp_path / "m.csv", header, [*rows, rows[0]]), DEFAULTS)


def test_bodies_beside_each_other_in_a_table(tmp_path):
    parts = [
        f"{who}_{part}_{axis}" for who in ("mouse1", "mouse2") for part in "abc" for axis in "xy"
    ]
    path = table(tmp_path / "m.csv", ",".join(parts), [range(12), range(12)])
    tracks = bodies(path).tracks
    assert [track.name for track in tracks] == ["mouse1", "mouse2"]
    assert tracks[1].points[0].tolist() == [[6, 7], [8, 9], [10, 11]]


def test_the_rate_of_a_table_is_that_of_its_clock(tmp_path):
    header = "time_s,frame," + ",".join(f"{part}_{axis}" for part in "abc" for axis in "xyv")
    rows = [[at / 25, at, *range(9)] for at in range(8)]
    file = bodies(table(tmp_path / "m.csv", header, rows))
    assert file.fps == 25 and file.upright
    plain = poses.read(tmp_path / "m.csv", DEFAULTS._replace(keypoints=("none",)))[""]
    assert plain.array.shape == (8, 9) and plain.fps == 25


def test_anipose_has_three_coordinates(tmp_path):
    ends = ("x", "y", "z", "error", "ncams", "score")
    columns = [f"{part}_{end}" for part in ("nose", "ear", "tail") for end in ends]
    others = [*(f"M_{row}{column}" for row in range(3) for column in range(3)), "center_0", "fnum"]
    values = RNG.random((6, 18))
    rows = np.c_[values, np.zeros((6, 10)), np.arange(6)]
    file = bodies(table(tmp_path / "m.csv", ",".join([*columns, *others]), rows))
    np.testing.assert_allclose(file.tracks[0].points[:, 2], values[:, 12:15])
    np.testing.assert_allclose(file.tracks[0].confidence[:, 1], values[:, 11])
    assert not any("M_00" in note for note in file.notes)


def openpose(folder, frames):
    folder.mkdir(exist_ok=True)
    for number, people in frames.items():
        content = [{"pose_keypoints_2d": np.asarray(each).ravel().tolist()} for each in people]
        path = folder / f"video_{number:012}_keypoints.json"
        path.write_text(json.dumps({"version": 1.3, "people": content}))
    return folder


@pytest.mark.parametrize(("size", "last"), [(25, "right_heel"), (18, "left_ear"), (15, "point_14")])
def test_a_folder_of_openpose_is_one_recording(tmp_path, size, last):
    person = np.c_[RNG.random((size, 2)) * 100, np.full(size, 0.9)]
    person[3] = 0
    folder = openpose(tmp_path / "v", {0: [person], 1: [], 3: [person + np.array([1, 0, 0])]})
    track = bodies(folder).tracks[0]
    assert track.name == "" and track.keypoints[-1] == last
    assert track.points.shape == (4, size, 2) and np.isnan(track.points[1:3]).all()
    np.testing.assert_allclose(track.points[0, 0], person[0, :2])
    assert np.isnan(track.points[0, 3]).all()


def test_people_are_followed_by_their_places(tmp_path):
    one = np.c_[RNG.random((18, 2)) * 100, np.full(18, 0.9)]
    right = np.array([1, 0, 0])
    other = one + 500 * right
    frames = {at: [one + at * right, other - at * right][:: 1 - 2 * (at % 2)] for at in range(20)}
    frames[4] = [one + 4 * right]
    tracks = bodies(openpose(tmp_path / "v", frames)).tracks
    assert len(tracks) == 2
    np.testing.assert_allclose(tracks[0].points[:, 0, 0], one[0, 0] + np.arange(20))
    assert np.isnan(tracks[1].points[4]).all()
    recordings = poses.read(tmp_path / "v", DEFAULTS)
    assert list(recordings) == ["person0", "person1"]


def test_the_order_of_the_axes_of_a_sleap_file(tmp_path):
    """MATLAB's where it tells none, as SLEAP wrote it; sleap-io names them."""
    tracks = RNG.random((6, 2, 3, 2))  # frame, track, node, xy
    for name, axes, dims in (
        ("old", (1, 3, 2, 0), None),
        ("new", (0, 1, 2, 3), ["frame", "track", "node", "xy"]),
    ):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            data = file.create_dataset("tracks", data=tracks.transpose(axes))
            if dims:
                data.attrs["dims"] = json.dumps(dims)
            file["node_names"] = ["a", "b", "c"]
            file["track_names"] = np.array([b"A", b"B"])
        read = bodies(tmp_path / f"{name}.h5").tracks
        np.testing.assert_allclose(read[1].points, tracks[:, 1])
        assert [track.name for track in read] == ["A", "B"] and read[0].confidence is None


REFUSED = {
    "images": (
        "scorer,me,me,me,me\nbodyparts,a,a,b,b\ncoords,x,y,x,y\nlabeled-data/v/img1.png,1,2,3,4\n",
        "labels of single images",
    ),
    "a word": (
        "scorer,n,n,n,n\nbodyparts,a,a,b,b\ncoords,x,y,x,y\n0,1,2,3,4\n1,1,two,3,4\n",
        "row 5, 'n a y': no number: 'two'",
    ),
    "no rows": ("scorer,n,n,n,n\nbodyparts,a,a,b,b\ncoords,x,y,x,y\n", "no rows"),
    "columns": ("scorer,n,n\nbodyparts,a,a\ncoords,x,y\n0,1\n", "2 columns, and a header of 3"),
    "no x": ("scorer,n,n\nbodyparts,a,a\ncoords,u,y\n0,1,2\n", "no keypoint has columns x and y"),
    "one point": ("scorer,n,n\nbodyparts,a,a\ncoords,x,y\n0,1,2\n1,1,2\n", "needs two keypoints"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_poses_that_cannot_be_read(tmp_path, content, message):
    path = tmp_path / "m.csv"
    path.write_text(content)
    with pytest.raises(ValueError) as error:
        poses.read(path, DEFAULTS)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)


def test_what_stands_in_place_of_a_sleap_file_that_cannot_be_read(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "m.slp", "w") as file:
        for name in ("metadata", "pred_points", "instances", "frames"):
            file[name] = [0]
    with pytest.raises(ValueError, match=r"m\.slp: no readable SLEAP file \(.*videos_json"):
        poses.read(tmp_path / "m.slp", DEFAULTS)
    monkeypatch.setitem(sys.modules, "movement", None)
    assert poses.find_reader(tmp_path / "m.slp") is poses_containers.read_slp
    with pytest.raises(ValueError, match=r"m\.slp: .*not installed; pip install '\.\[pose\]'"):
        poses.read(tmp_path / "m.slp", DEFAULTS)


def test_a_row_a_point(tmp_path):
    """Long tables: sleap-io's points, and what people write of MediaPipe's landmarks."""
    rows = [
        [frame, part, *POINTS[frame, at], SURE[frame, at]]
        for frame in range(6)
        for at, part in enumerate(("nose", "ear", "tail"))
        if (frame, part) != (2, "ear")
    ]
    path = table(tmp_path / "m.csv", "frame,landmark,x,y,visibility", rows)
    track = bodies(path).tracks[0]
    assert track.keypoints == ("ear", "nose", "tail")
    expected = POINTS[:, [1, 0, 2]].copy()
    expected[2, 0] = np.nan
    np.testing.assert_allclose(track.points, expected)
    twice = table(tmp_path / "m.csv", "frame,landmark,x,y,visibility", [*rows, rows[0]])
    with pytest.raises(ValueError, match=r"m\.csv: a point has several rows of one frame"):
        poses.read(twice, DEFAULTS)


def test_bodies_by_numbers_behind_the_names(tmp_path):
    names = [f"{part}_{body}_{end}" for body in (1, 2) for part in "abc" for end in "xyp"]
    tracks = bodies(table(tmp_path / "m.csv", ",".join(names), [range(18), range(18)])).tracks
    assert [(track.name, track.keypoints) for track in tracks] == [
        (at, tuple("abc")) for at in "12"
    ]
    assert tracks[1].points[0].tolist() == [[9, 10], [12, 13], [15, 16]]
    numbered = [f"landmark_{at}_{end}" for at in range(33) for end in "xyz"]
    only = bodies(table(tmp_path / "n.csv", ",".join(numbered), [range(99), range(99)])).tracks
    assert len(only) == 1 and only[0].points.shape == (2, 33, 3)
