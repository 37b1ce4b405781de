"""Files of true segments and of detections, recognized by what is in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxseg.formats.arrays import read_pickle
from jaxseg.formats.detections import SWAPPED, Segments, mapping, predicts, truth_segments
from jaxseg.formats.files import read_json, read_text
from jaxseg.formats.localization import programs, tables, thumos14
from jaxseg.formats.localization.classes import (
    THUMOS14,
    numbers_as_names,
    numbers_in,
    read_class_numbers,
)
from jaxseg.formats.names import clip, listed
from jaxseg.formats.wtalc import read_wtalc

TRUTHS = (
    "truth is ActivityNet's JSON ({'database': {video: {'annotations': [...]}}}), W-TALC's folder "
    "(videoname.npy, ...), THUMOS14's folder (CLASS_test.txt, `video start end` a line), lines "
    "`video start end class`, or a table with a header (video-id,t-start,t-end,label)"
)
DETECTIONS = (
    "detections are ActivityNet's JSON ({'results': {video: [{'label', 'score', 'segment'}]}}), "
    "THUMOS14's lines `video start end class score`, a table with a header "
    "(video-id,t-start,t-end,label,score), or a pickle of ActionFormer's or MMAction2's results"
)
IS_TRUTH = "it looks like truth: are truth and predictions swapped?"
PICKLE_SUFFIXES = (".pkl", ".pickle")
INSIDE = ("annotation", "annotations", "*-Annotations")  # folders that hold a release's files


def read_truth(path: Path, subset: str | None = None) -> Segments:
    """True segments of a file or folder.

    Args:
        path: a JSON file, a text file or table, a folder of W-TALC's arrays or of THUMOS14's text
            files, or one that holds such a folder or one JSON file.
        subset: files of other subsets are not opened; videos of other subsets may still be there.

    Raises:
        ValueError: in one line, with the formats that there are where none of them fits.
    """
    if path.is_dir():
        home = find_annotation(path)
        if home.is_dir():
            arrays = (home / "videoname.npy").is_file()
            return read_wtalc(home) if arrays else thumos14.read_annotation(home, subset)
        path = home
    kind = kind_of(path)
    if kind == "json":
        return json_truth(read_json(path), str(path))
    if kind != "text":
        raise ValueError(f"{path}: {kind}; {TRUTHS}")
    first = first_line(path)
    if tables.is_header(first):
        return tables.read_table(path, None, scored=False)
    words = thumos14.words_of(first)
    if not thumos14.has_times(words):
        raise ValueError(f"{path}: {clip(first)} in its first line is no segment; {TRUTHS}")
    if len(words) == 5 and thumos14.is_number(words[-1]):
        raise ValueError(f"{path}: {clip(first)} in its first line ends with a score; {SWAPPED}")
    return thumos14.read_class_file(path) if len(words) == 3 else thumos14.read_truth(path)


def read_predictions(
    path: Path, names: Mapping[int, str] | None = None, index: Mapping[int, str] = THUMOS14
) -> Segments:
    """Detections of a file.

    Args:
        path: a JSON file, a text file or table, or a pickle, which is never run.
        names: what the number of a class stands for, where the file has numbers.
        index: the same for THUMOS14's lines.

    Raises:
        ValueError: in one line, with the formats that there are where none of them fits.
    """
    if path.is_dir():
        raise ValueError(f"{path}: a folder{unfinished_in(path)}; {DETECTIONS}")
    kind = kind_of(path)
    if kind in ("json", "pickle"):
        content = read_json(path) if kind == "json" else read_pickle(path)
        return results(content, str(path), names or {})
    if kind != "text":
        raise ValueError(f"{path}: {kind}; {DETECTIONS}")
    first = first_line(path)
    if tables.is_unfinished(first):
        raise ValueError(f"{path}: {tables.UNFINISHED}; {DETECTIONS}")
    if tables.is_header(first):
        return tables.read_table(path, names or None, scored=True)
    words = thumos14.words_of(first)
    if len(words) < 4 or not thumos14.has_times(words):
        hint = IS_TRUTH if len(words) == 3 and thumos14.has_times(words) else DETECTIONS
        raise ValueError(f"{path}: {clip(first)} in its first line is no detection; {hint}")
    return thumos14.read_detections(path, index)


def read_pair(
    truth: Path, predictions: Path, *, subset: str | None = None, mapping: Path | None = None
) -> tuple[Segments, Segments]:
    """Truth and detections that are to be compared.

    Numbers of classes are named by `mapping`, `number name` a line, or else by what the truth says
    of them. Videos that one side spells with "v_" before YouTube's name, the other without, are the
    same videos.
    """
    true = read_truth(truth, subset)
    names = read_class_numbers(mapping) if mapping else class_numbers(truth, true)
    # Lines as THUMOS14's have its index, whatever numbers another program has given its classes.
    its_own = not mapping and not set(true.labels).isdisjoint(THUMOS14.values())
    found = read_predictions(predictions, names, THUMOS14 if its_own else names)
    return true, spelled_alike(found, set(true.videos))


def class_numbers(path: Path, truth: Segments) -> dict[int, str]:
    """Number -> name of a class as far as a truth tells."""
    path = find_annotation(path) if path.is_dir() else path
    if path.is_dir():
        return thumos14.read_class_numbers_beside(path) or numbers_as_names(truth)
    content = read_json(path) if kind_of(path) == "json" else {}
    return numbers_in(content.get("database", content)) or numbers_as_names(truth)


def spelled_alike(predictions: Segments, known: set[str]) -> Segments:
    """Predictions whose videos have the names of the known ones, where they differ by "v_" only."""
    if known & set(predictions.videos):
        return predictions
    longer = any(f"{programs.V}{name}" in known for name in predictions.videos)
    shorter = any(name.removeprefix(programs.V) in known for name in predictions.videos)
    if not (longer or shorter):
        return predictions
    videos = [programs.V + name if longer else name for name in predictions.videos]
    videos = [name.removeprefix(programs.V) if shorter else name for name in videos]
    if len(set(videos)) < len(videos):
        return predictions
    with_v = "with" if longer else "without"
    note = (
        f"videos of the predictions are those that the truth spells {with_v} 'v_' before the name"
    )
    return predictions._replace(videos=tuple(videos), notes=(*predictions.notes, note))


def find_annotation(folder: Path) -> Path:
    """The folder of W-TALC's arrays or THUMOS14's text, this or one in it, or the one JSON file."""
    inside = [path for name in INSIDE for path in sorted(folder.glob(name)) if path.is_dir()]
    for each in (folder, *inside):
        if (each / "videoname.npy").is_file() or thumos14.named_files(each):
            return each
    if len(files := sorted(folder.glob("*.json"))) == 1:
        return files[0]
    for each in (folder, *inside):
        if thumos14.class_files(each):
            return each
    found = sorted(path.name for path in folder.iterdir())
    raise ValueError(f"{folder}: no annotation among {listed(found) or 'nothing'}; {TRUTHS}")


def kind_of(path: Path) -> str:
    """ "json", "text" or "pickle", by how a file begins; a sentence on what it is otherwise."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    if head.startswith(b"\x93NUMPY"):
        return "one array; of W-TALC's arrays the folder is meant"
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"7z", b"\x89HDF")):
        return "an archive"
    if head.startswith(b"\x80") or path.suffix in PICKLE_SUFFIXES:
        return "pickle"
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return "json" if begin in (b"{", b"[") else "text"


def unfinished_in(folder: Path) -> str:
    """A remark on a folder of tables that are no detections yet, "" for another folder."""
    table = next((path for path in sorted(folder.glob("*.csv")) if path.is_file()), None)
    found = table is not None and tables.is_unfinished(first_line(table))
    return f", {table.name} is {tables.UNFINISHED}" if found else ""


def first_line(path: Path) -> str:
    """The first line of a text file that is not empty."""
    return next(line for line in read_text(path).splitlines() if line.strip())


def json_truth(content: Any, source: str) -> Segments:
    """True segments of ActivityNet's JSON; see `detections.truth_segments`.

    A file that is the database itself, as BMN packs ActivityNet v1.3, is read too.
    """
    if isinstance(content, list) or programs.COLUMNS[0] in mapping(content, source, "videos"):
        raise ValueError(f"{source}: {clip(content)}; {SWAPPED}")
    if "database" not in content and predicts(content):
        raise ValueError(f"{source}: no 'database' among {clip(list(content))}; {SWAPPED}")
    return truth_segments(content.get("database", content), source)


def results(content: Any, source: str, names: Mapping[int, str]) -> Segments:
    """Detections of what a JSON file or a pickle holds."""
    if isinstance(content, list) and content and isinstance(content[0], Mapping):
        return programs.read_proposals(content, source, names)
    if not isinstance(content, Mapping):
        raise ValueError(
            f"{source}: {clip(content)} instead of {{...}} of detections; {DETECTIONS}"
        )
    if "results" in content:
        return programs.read_results(content, source, names)
    if set(programs.COLUMNS) <= content.keys():
        return programs.read_columns(content, source, names)
    if any(map(predicts, content.values())):
        return programs.read_results({"results": content}, source, names)
    annotated = (isinstance(each, Mapping) and "annotations" in each for each in content.values())
    hint = IS_TRUTH if "database" in content or any(annotated) else DETECTIONS
    raise ValueError(f"{source}: no 'results' among {clip(list(content))}; {hint}")
