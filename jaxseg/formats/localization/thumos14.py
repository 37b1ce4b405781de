"""THUMOS14's own files: a folder of annotation, a text file a class, and text of detections.

    GolfSwing_test.txt, GolfSwing_val.txt, ..., Ambiguous_test.txt     `video start end` a line
    detclasslist.txt                                                   `number class` a line
    detections.txt                                   `video start end class score` a line

Times are in seconds. A class of a detection is a name or a number of THUMOS14's index. MultiTHUMOS
has the same folder without subsets in the names of its files.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxseg.formats.detections import Segments, columns, interval, number
from jaxseg.formats.files import entries
from jaxseg.formats.labels import read_lines
from jaxseg.formats.localization.classes import THUMOS14, name_of, read_class_numbers
from jaxseg.formats.matrices import is_number
from jaxseg.formats.names import check_name, listed

# CASE's split_test.txt is none.
CLASS_FILE = re.compile(r"(?!split_)(?P<label>.+)_(?P<subset>val|test|train|validation)\.txt")
CLASS_LISTS = ("detclasslist.txt", "class_list.txt")
OF_VIDEO = {"video_validation_": "val", "video_test_": "test"}  # beginning of its name -> subset


def class_files(folder: Path) -> dict[Path, tuple[str, str]]:
    """File -> its class and subset ("" where its name has none), sorted, of one folder."""
    paths = [path for path in entries(folder) if path.suffix == ".txt" and path.is_file()]
    others = {path: (path.stem, "") for path in paths if path.name not in CLASS_LISTS}
    return named_files(folder) or others


def named_files(folder: Path) -> dict[Path, tuple[str, str]]:
    """File -> its class and subset, of the files whose names have both."""
    matches = {path: CLASS_FILE.fullmatch(path.name) for path in entries(folder)}
    return {path: (m["label"], m["subset"]) for path, m in matches.items() if m and path.is_file()}


def read_class_numbers_beside(folder: Path) -> dict[int, str]:
    """Number -> class of the folder's own list; {} without one."""
    path = next((folder / name for name in CLASS_LISTS if (folder / name).is_file()), None)
    return read_class_numbers(path) if path else {}


def read_annotation(folder: Path, subset: str | None = None) -> Segments:
    """True segments of a folder of class files; only those of `subset` are opened, if it is given.

    Raises:
        ValueError: a line that is no `video start end`, or a video of two subsets.
    """
    files, notes = class_files(folder), ()
    if not any(each for _, each in files.values()):
        # No name says which files are classes: a README beside them is none.
        others = [path for path in files if not begins_as_class(path)]
        if others and len(others) < len(files):
            files = {path: found for path, found in files.items() if path not in others}
            names = listed(path.name for path in others)
            notes = (f"files that do not begin with `video start end`, passed over: {names}",)
    if subset in {each for _, each in files.values()}:
        files = {path: found for path, found in files.items() if found[1] == subset}
    return class_segments(files, str(folder))._replace(notes=notes)


def class_segments(files: Mapping[Path, tuple[str, str]], source: str) -> Segments:
    """True segments of class files; where no name says the subset, those of the videos do."""
    videos: dict[str, list[dict]] = {}
    subsets: dict[str, str] = {}
    for path, (label, each) in files.items():
        for video, segment in read_intervals(path, between=False):
            begin = next((begin for begin in OF_VIDEO if video.startswith(begin)), "")
            own = each or OF_VIDEO.get(begin, "")
            if subsets.setdefault(video, own) != own:
                raise ValueError(
                    f"{path}: video {video!r} is of subset {own!r} here and of {subsets[video]!r} "
                    "in another file"
                )
            videos.setdefault(video, []).append({"label": label, "segment": segment})
    return columns(videos, list(subsets.values()), source, scored=False)


def begins_as_class(path: Path) -> bool:
    """Whether the first line of a file has the times of `video start end`, or cannot be read."""
    try:
        return has_times(next(filter(None, map(words_of, read_lines(path)))))
    except ValueError:
        return True  # which reading refuses


def read_class_file(path: Path) -> Segments:
    """True segments of the one class that a file is named after."""
    match = CLASS_FILE.fullmatch(path.name)
    named = (match["label"], match["subset"]) if match else (path.stem, "")
    return class_segments({path: named}, str(path))


def read_intervals(path: Path, *, between: bool) -> list[tuple[str, list[float]]]:
    """Video and [start, end] of every line; words may stand `between` and are skipped then."""
    intervals = []
    for count, line in enumerate(read_lines(path), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) < 3 or (len(words) > 3 and not between):
            raise ValueError(f"{path}: {line!r} in line {count} is no 'video start end'")
        where = f"{path}: line {count}: video {check_name(path, 'video', words[0])!r}"
        intervals.append((words[0], interval(where, *words[-2:])))
    return intervals


def read_detections(path: Path, names: Mapping[int, str] = THUMOS14) -> Segments:
    """Detections, `video start end class score` a line, with blanks, tabs or commas between.

    A line of four words is a proposal without a class.

    Args:
        path: of the file.
        names: what a class's number stands for.
    """
    videos: dict[str, list[dict]] = {}
    for where, words in rows(path):
        if len(words) < 4:
            raise ValueError(f"{where}: {' '.join(words)!r} is no `video start end class score`")
        item = {"segment": words[1:3], "score": words[-1]}
        if len(words) > 4:
            item["label"] = label_of(where, words[3:-1], names)
        videos.setdefault(words[0], []).append(check(where, item))
    return columns(videos, [""] * len(videos), str(path), scored=True)


def read_truth(path: Path) -> Segments:
    """True segments, `video start end class` a line, of any number of classes."""
    videos: dict[str, list[dict]] = {}
    for where, words in rows(path):
        if len(words) < 4:
            raise ValueError(f"{where}: {' '.join(words)!r} is no `video start end class`")
        label = label_of(where, words[3:], THUMOS14)
        item = check(where, {"segment": words[1:3], "label": label})
        videos.setdefault(words[0], []).append(item)
    return columns(videos, [""] * len(videos), str(path), scored=False)


def rows(path: Path) -> list[tuple[str, list[str]]]:
    """Place, for messages, and words of every line that has any."""
    lines = enumerate(read_lines(path), start=1)
    split = ((f"{path}: line {count}", words_of(line)) for count, line in lines)
    return [(where, words) for where, words in split if words]


def words_of(line: str) -> list[str]:
    """The words of a line, between commas, tabs or blanks."""
    separator = next((each for each in ",\t" if each in line), None)
    return [word.strip() for word in line.split(separator)] if line.strip() else []


def has_times(words: Sequence[str]) -> bool:
    """Whether the second and third of some words are numbers, as start and end are."""
    return len(words) > 2 and all(map(is_number, words[1:3]))


def label_of(where: str, words: Sequence[str], names: Mapping[int, str]) -> str:
    """The class of some words, which may be its number, if no name is that number itself."""
    label = " ".join(words)
    whole = re.fullmatch(r"([0-9]{1,9})(\.0*)?", label)  # some programs write 33.0
    named = not whole or label in names.values()
    return label if named else name_of(where, int(whole[1]), names)


def check(where: str, item: dict) -> dict:
    """The item with numbers for its times and score; `where` begins the message of a ValueError."""
    segment = interval(where, *item["segment"])
    if "score" in item:
        item["score"] = number(where, "score", item["score"])
    return item | {"segment": segment}
