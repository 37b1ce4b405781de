"""Which mesh a run gets, and the sentence on one that does not fit."""

import re
from types import SimpleNamespace

import pytest

from jaxseg.config.shared import MeshConfig
from jaxseg.training import sharding


@pytest.fixture
def shape_of():
    """shape_of(devices, members, videos, config) -> the shape of the mesh."""

    def shape(devices: int, members: int, videos: int, *config: int) -> tuple[int, int]:
        mesh = sharding.make_mesh(
            MeshConfig(*config),
            num_members=members,
            videos_per_batch=videos,
            devices=[None] * devices,
        )
        return mesh.devices.shape

    return shape


@pytest.mark.parametrize(
    ("devices", "members", "videos", "expected"),
    [
        (1, 50, 2, (1, 1)),
        (8, 50, 2, (4, 2)),  # 13 members with a video each; 8 x 1 would have 7 with two
        (8, 56, 2, (8, 1)),  # 7 with two; 4 x 2 would have 14 with one, and sums besides
        (8, 16, 4, (8, 1)),  # all alike: the fewest devices that have to sum
        (8, 1, 8, (1, 8)),
        (8, 1, 2, (4, 2)),  # three rows have nothing to do, which no shape can help
        (8, 6, 8, (2, 4)),  # 3 with two; 1 x 8 has 6 with one, 8 x 1 one with eight
        (6, 4, 3, (2, 3)),
        (256, 50, 2, (128, 2)),
        (7, 3, 2, (7, 1)),
    ],
)
def test_by_itself_a_device_gets_as_little_as_possible(
    shape_of, devices, members, videos, expected
):
    assert shape_of(devices, members, videos) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [((2, 4), (2, 4)), ((2, 0), (2, 4)), ((0, 2), (4, 2)), ((8, 1), (8, 1)), ((0, 8), (1, 8))],
)
def test_the_config_decides(shape_of, config, expected):
    """What it leaves open follows from the number of devices."""
    assert shape_of(8, 6, 8, *config) == expected


@pytest.mark.parametrize(
    ("devices", "members", "videos", "config", "said", "fitting"),
    [
        (8, 5, 2, (0, 3), "any x 3", "8 x 1, 4 x 2"),
        (8, 5, 2, (8, 2), "8 x 2", "8 x 1, 4 x 2"),
        (8, 5, 2, (3, 1), "3 x 1", "8 x 1, 4 x 2"),
        (8, 5, 2, (1, 8), "1 x 8", "8 x 1, 4 x 2"),
        (8, 2, 4, (4, 2), "4 x 2", "2 x 4"),  # half of the members would be idle
        (8, 4, 8, (8, 0), "8 x any", "4 x 2, 2 x 4, 1 x 8"),
        (6, 9, 5, (1, 6), "1 x 6", "6 x 1"),
        (7, 3, 2, (7, 1), "7 x 1", "none; leave config.mesh.member at 0"),
    ],
)
def test_a_mesh_that_does_not_fit(shape_of, devices, members, videos, config, said, fitting):
    """One sentence with all that has to fit, and the shapes that do, each of which works."""
    with pytest.raises(ValueError) as error:
        shape_of(devices, members, videos, *config)
    assert str(error.value) == (
        f"a mesh of member x data = {said} does not fit {devices} devices, batches of {videos} "
        f"videos and {members} members; these do: {fitting}"
    )
    for shape in re.findall(r"(\d+) x (\d+)", fitting):
        config = tuple(map(int, shape))
        assert shape_of(devices, members, videos, *config) == config


@pytest.mark.parametrize(("members", "rows", "idle"), [(6, 8, 2), (6, 4, 2), (6, 2, 0), (5, 3, 1)])
def test_idle_members_fill_the_last_row(members, rows, idle):
    mesh = SimpleNamespace(shape={"member": rows, "data": 1})
    assert sharding.padding(members, mesh) == idle
