"""Names of all kinds stay words in the reports: what they are made of never becomes markup."""

import html
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hostile_files import npy, trapped, write_npz
from pages import read, svg_text

from jaxseg.report.__main__ import main

# A word of the runs of these tests -> what stands in its place.
SEGMENTATION = {
    "coffee": "\"><img src=x onerror='alert(1)'> $\\frac{1}$",
    "pour_milk": "_pour</title><script>alert(1)<_script>&amp;",
    "SIL": "' onload='alert(2)' $x_{$",
    "v0": "v0'><svg onload=alert(3)>\\",
    "kitchen": "<!-- <iframe src=javascript:alert(4)> 厨房",
    "abacus": "</footer></code></style><style>*{display:none}",
    "0.4321": "<b onclick=alert(5)>",
    "asot-exact": "<u title='\"'>",
}
LOCALIZATION = {
    "dive": "\"><img src=x onerror='alert(1)'> $\\frac{1}$",
    "café": "_咖啡</title><script>alert(1)<_script>&amp;",
    "pool": "<!-- <iframe src=javascript:alert(4)>",
    "abacus": "</footer></code></style><style>*{display:none}",
    "0.1234": "<b onclick=alert(5)>",
    "model.omega=1": "$\\omega_{ <s>",
    "by falling score": "<u title='\"'>",
    "after step 20": "<embed src=x>",
}
WRITERS = {
    "make_workdir": SEGMENTATION,
    "make_tot_workdir": SEGMENTATION,
    "make_localization": LOCALIZATION,
    "make_gaufuse": LOCALIZATION,
}


def renamed(value: object, words: dict[str, str]) -> object:
    """The same value of JSON with other words in all of its texts, keys too."""
    if isinstance(value, dict):
        return {renamed(key, words): renamed(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each, words) for each in value]
    if isinstance(value, float) and str(value) in words:
        return words[str(value)]
    if isinstance(value, str):
        for word, other in words.items():
            value = value.replace(word, other)
    return value


def rename(workdir: Path, words: dict[str, str]) -> None:
    """Puts the words into the files of a run and into their names."""
    for path in sorted(workdir.rglob("*"), reverse=True):
        if path.suffix == ".json":
            path.write_text(json.dumps(renamed(json.loads(path.read_text()), words)))
        elif path.suffix == ".txt":
            path.write_text(renamed(path.read_text(), words), encoding="utf-8")
        path.rename(path.with_name(renamed(path.name, words)))


def markup(page) -> Counter:
    """How often each tag stands there, with the attributes that it has."""
    return Counter((tag, *sorted(attrs)) for tag, attrs in page.tags)


def words_of(page) -> str:
    """All that is to be read in a page, in what lies over its pictures, and in its drawings."""
    attributes = [str(value) for _, attrs in page.tags for value in attrs.values()]
    return " ".join([page.text, *attributes, *drawings(page)])


def drawings(page) -> list[str]:
    """The words of each picture; the parser fails where a drawing is broken."""
    return [svg_text(attrs["src"]) for tag, attrs in page.tags if tag == "img"]


@pytest.mark.parametrize("writer", WRITERS)
def test_no_name_becomes_markup(request, writer):
    workdir, words = request.getfixturevalue(writer)(), WRITERS[writer]
    plain = read(workdir)
    rename(workdir, words)
    page = read(workdir)
    assert markup(page) == markup(plain)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert {attrs["src"].partition(":")[0] for _, attrs in page.tags if "src" in attrs} <= {"data"}
    assert all(attrs["href"][0] in "#d" for _, attrs in page.tags if "href" in attrs)
    assert list(map(bool, drawings(page))) == list(map(bool, drawings(plain)))
    before, after = words_of(plain), words_of(page)
    there = [word for word in words if word in before]
    assert len(there) >= 3
    for word in there:
        assert words[word] in after, word


@pytest.mark.parametrize("writer", ["make_workdir", "make_localization"])
@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_a_picture_has_every_name(request, monkeypatch, capsys, writer):
    workdir, words = request.getfixturevalue(writer)(), WRITERS[writer]
    rename(workdir, words)
    target = workdir / "picture.svg"
    monkeypatch.setattr(sys, "argv", ["report", str(workdir), f"--picture={target}"])
    assert main() == 0, capsys.readouterr()
    drawn = target.read_text(encoding="utf-8")
    for word in ("pour_milk", "SIL", "v0") if words is SEGMENTATION else ("dive",):
        assert html.escape(words[word], quote=False) in drawn, word


@pytest.mark.parametrize(
    ("writer", "place"),
    [
        ("make_workdir", "couplings/coffee/seed0/v0.npz"),
        ("make_localization", "maps/seed0/a.npz"),
        ("make_gaufuse", "maps/seed0/a.npz"),
        ("make_gaufuse", "pseudo_labels/0.npz"),
    ],
)
def test_arrays_that_are_hostile_are_one_line(request, tmp_path, writer, place):
    workdir = request.getfixturevalue(writer)()
    path = workdir / place
    with np.load(path) as file:
        names = file.files
    trap = trapped(tmp_path / "sprung", 2)
    np.savez(path, **dict.fromkeys(names, trap))
    refuse(workdir, path)
    assert not (tmp_path / "sprung").exists()
    for shape in ((2**48,), (2**62, 2**62), (-2, 3)):
        write_npz(path, dict.fromkeys(names, npy(shape)))
        refuse(workdir, path)
    write_npz(path, dict.fromkeys(names, np.lib.format.magic(1, 0) + b"\xff\xff" + b" " * 65535))
    refuse(workdir, path)
    path.write_bytes(npy((2, 3)))
    refuse(workdir, path)


def refuse(workdir: Path, path: Path) -> None:
    with pytest.raises(ValueError) as error:
        read(workdir)
    assert str(error.value).startswith(f"{path}: ") and len(str(error.value).splitlines()) == 1
