"""Names of clusters: what names.csv may say, and what it may not."""

import csv

import numpy as np
import pytest

from jaxseg.runfiles.names import merge_named, read_names
from jaxseg.runfiles.segmentation import rename_segments, write_segments

ONE, TWO = {"tea": 5}, {"coffee": 3, "tea": 5}
LABELS = np.array([0, 0, 3, 3, 1, -1, 2])


@pytest.mark.parametrize(
    ("text", "counts", "names"),
    [
        ("cluster,name\n3,walk\n0,walk\n", ONE, {"tea": {3: "walk", 0: "walk"}}),
        ('\ufeffname, cluster\r\n\r\n"sit, or lie", 4\r\n,1\r\n', ONE, {"tea": {4: "sit, or lie"}}),
        ("activity,cluster,name\ntea,4,été\n", ONE, {"tea": {4: "été"}}),
        (
            "activity,cluster,name\ntea,2,stir\ncoffee,2,pour\n",
            TWO,
            {"tea": {2: "stir"}, "coffee": {2: "pour"}},
        ),
        ("cluster,name\n", ONE, {}),
        ("cluster,name\n2,cluster 3\n", ONE, {"tea": {2: "cluster 3", 3: "cluster 3"}}),
        # As the report's page writes it: all names in quotes, lines end as in CSV.
        (
            'cluster,name\r\n0,"=1+1, ""a"""\r\n1,"<script>"\r\n2,"été 茶"\r\n3,"""b"\r\n',
            ONE,
            {"tea": {0: '=1+1, "a"', 1: "<script>", 2: "été 茶", 3: '"b'}},
        ),
        ('activity,cluster,name\r\n"tea",2,"a"\r\n', TWO, {"tea": {2: "a"}}),
        (None, TWO, {}),
    ],
)
def test_names_are_read(tmp_path, text, counts, names):
    if text is not None:
        (tmp_path / "names.csv").write_text(text, encoding="utf-8")
    assert read_names(tmp_path, counts) == names


@pytest.mark.parametrize(
    ("text", "counts", "message"),
    [
        ("3,walk\n", ONE, "line 1 must be the header cluster,name (or activity,cluster,name where"),
        ("cluster;name\n3;walk\n", ONE, "line 1 must be the header .* got 'cluster;name'"),
        (
            "cluster,name\n3,walk\n",
            TWO,
            "line 1: .* several activities, .*(coffee, tea): add a col",
        ),
        (
            "cluster,name\n3,walk\n5,sit\n",
            ONE,
            "line 3: unknown cluster '5'; those of tea are 0 to 4",
        ),
        ("cluster,name\n-1,walk\n", ONE, "line 2: unknown cluster '-1'"),
        ("cluster,name\nthree,walk\n", ONE, "line 2: unknown cluster 'three'"),
        ("cluster,name\n3,a\n0,b\n3,c\n", ONE, "line 4: cluster 3 stands in line 2 already"),
        ("cluster,name\n3,a,b\n", ONE, "line 2: 3 values for 2 columns; a name with a comma"),
        (
            "activity,cluster,name\nmilk,0,a\n",
            TWO,
            "line 2: unknown activity 'milk'; there is coffee",
        ),
        ("activity,cluster,name\n,0,a\n", TWO, "line 2: unknown activity ''"),
        ('cluster,name\n3,"a\nb"\n', ONE, "line 3: cluster 'a.nb': a name cannot have"),
        ("", ONE, "empty"),
        (",\n", ONE, "line 1 must be the header"),
        ("cluster,name\n3,\0\n", ONE, "line"),
    ],
)
def test_a_wrong_table_is_one_sentence_with_line_and_value(tmp_path, text, counts, message):
    (tmp_path / "names.csv").write_text(text)
    message = message.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=rf"names\.csv: {message}") as error:
        read_names(tmp_path, counts)
    assert "\n" not in str(error.value)


def test_clusters_of_one_name_are_one():
    names = {3: "walk", 0: "walk", 2: "sit"}
    np.testing.assert_array_equal(merge_named(LABELS, names), [0, 0, 0, 0, 1, -1, 2])
    np.testing.assert_array_equal(merge_named(LABELS, {}), LABELS)


def test_tables_carry_the_names_of_the_day(tmp_path):
    """Only tables that there are; a name with a comma reads back."""

    def rows():
        with (tmp_path / "predictions/tea/seed0/a.csv").open(newline="") as file:
            return list(csv.reader(file))[1:]

    (tmp_path / "predictions/tea/seed0").mkdir(parents=True)
    write_segments(tmp_path / "predictions", "tea", "seed0", "a", LABELS, None)
    numbers = rows()
    assert numbers == [
        *(["0", "2", "0"], ["2", "4", "3"], ["4", "5", "1"], ["5", "6", "-1"], ["6", "7", "2"])
    ]
    videos = {"a": LABELS, "b": LABELS}
    rename_segments(tmp_path, "tea", "seed0", videos, 2.0, {0: "sit, lie", 3: "sit, lie"})
    assert rows() == [
        *(["0.000", "2.000", "sit, lie"], ["2.000", "2.500", "1"]),
        *(["2.500", "3.000", "-1"], ["3.000", "3.500", "2"]),
    ]
    rename_segments(tmp_path, "tea", "seed0", videos, None, {})
    assert rows() == numbers
    assert [path.name for path in (tmp_path / "predictions/tea/seed0").iterdir()] == ["a.csv"]
