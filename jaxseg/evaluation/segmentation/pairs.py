"""Whether truth and predictions are of the same videos and vocabulary, and what to do if not."""

import re
from collections.abc import Collection, Sequence

import numpy as np

from jaxseg.evaluation.segmentation.folders import ClassNames
from jaxseg.formats.labels import LabelFolder, largest_cut
from jaxseg.formats.names import LISTED, clip, hint, listed

# Two numbers or more in a line, with a decimal point in the first.
ROW = r"[-+]?[0-9]*\.[0-9e+-]+([\s,;]+[-+0-9.e]+)+"


def check_pairs(
    truth: LabelFolder, predictions: LabelFolder, chosen: Collection[str] | None, tolerance: int
) -> list[str]:
    """Notes on the pairs of both sides: what the tolerance cuts, and sides that look exchanged.

    Lengths may differ by `tolerance` frames, and by 5 % of a video at most. Of `chosen` videos
    only these are checked.

    Raises:
        ValueError: a video on one side only, or of other lengths, with what to do about it.
    """
    names = sorted(truth.codes.keys() | predictions.codes.keys() if chosen is None else chosen)
    for name in names:
        for side, other in ((truth, predictions), (predictions, truth)):
            if name not in side.codes:
                raise ValueError(missing(name, side, other, names, chosen is not None))
    differences = {
        name: len(truth.codes[name]) - len(predictions.codes[name])
        for name in names
        if len(truth.codes[name]) != len(predictions.codes[name])
    }
    for name, difference in differences.items():
        longer = max(len(truth.codes[name]), len(predictions.codes[name]))
        if abs(difference) > min(tolerance, largest_cut(longer)):
            raise ValueError(unequal(name, truth, predictions, differences, tolerance))
    return [*cut_note(differences, len(names)), *header_note(truth, predictions, names)]


def missing(
    name: str, side: LabelFolder, other: LabelFolder, names: Sequence[str], listed_in_split: bool
) -> str:
    """Message on a video that one side lacks."""
    absent = [each for each in names if each not in side.codes]
    message = f"{side.path}: no labels of video {name!r}"
    if len(absent) > 1:
        message += f" and {len(absent) - 1} more of {len(names)}"
    known = side.other_names()
    short = name.rpartition("/")[2]
    for folder, names_there in ((side, known), (other, other.codes)):
        several = [each for each in names_there if each.endswith(f"/{short}")]
        if len(several) > 1 and short in {*side.codes, *other.codes}:
            return (
                f"{folder.path}: video {short!r} is in several of its folders"
                f" ({listed(several)}): name one of them"
            )
    spare = [each for each in known if each not in other.codes]
    if suggestion := hint(name, spare):
        return message + suggestion
    if not listed_in_split and side.codes and side.codes.keys() <= other.codes.keys():
        file = other.files.get(name)
        message += (
            "; to score one split's videos alone, name the list of them: --splits=FILE (a name a"
            " line)"
        )
        return message + (f"; or is {file} no file of labels?" if file and "." in name else "")
    if listed_in_split and side.codes:
        return f"{message}: name only those --splits whose videos are all there"
    return message + (f"; there is {listed(spare)}" if spare else "")


def unequal(
    name: str,
    truth: LabelFolder,
    predictions: LabelFolder,
    differences: dict[str, int],
    tolerance: int,
) -> str:
    """Message on a video of unequal lengths: the likely cause, or the tolerance that is needed."""
    true, predicted = len(truth.codes[name]), len(predictions.codes[name])
    message = (
        f"{predictions.path}: video {name!r} has {predicted} labels, the truth {true}"
        f" (tolerance {tolerance})"
    )
    for side, other in ((predictions, truth), (truth, predictions)):
        if cause := wrong_format(name, side, other):
            return f"{message}; {cause}"
    longest = max(true, predicted)
    if abs(differences[name]) > largest_cut(longest):
        ratio = longest / min(true, predicted)
        times = f", {ratio:.3g} times as many," if ratio > 1.5 else ""
        return (
            f"{message}; no tolerance goes beyond 5 % of a video: labels of another rate"
            f"{times} or of a part have to be brought to the same frames first"
        )
    most = max(map(abs, differences.values()))
    return (
        f"{message}; {count(len(differences), 'video')} of another length, by up to {most}:"
        f" --length-tolerance={most} cuts the longer side at its end"
    )


def wrong_format(name: str, side: LabelFolder, other: LabelFolder) -> str:
    """What is wrong with the file of a video whose number of labels is, or ""."""
    path = side.files.get(name)
    blanks = blank_label(other, name)
    if blanks and side.has_header(name):
        return (
            f"labels with blanks do not fit MS-TCN's result files, where {blanks!r} is"
            f" {len(blanks.split())} labels: write {path} with a label a line, without the header"
        )
    codes = side.codes[name]
    words = len(re.split(r"[\s,;]+", side.labels[codes[0]])) if len(codes) == 1 else 1
    if words > 1:
        return (
            f"looks transposed: the only line of {path} has {words} labels; write one a line,"
            " or MS-TCN's header, a line that begins with #, above it"
        )
    own = {side.labels[code] for code in np.unique(codes)}
    if own.isdisjoint(other.labels) and all(re.search(r"[\s,;]", label) for label in own):
        line = clip(side.labels[codes[0]])
        return f"looks like a table: {line} in {path}; a line has the label of a frame and no more"
    return ""


def blank_label(folder: LabelFolder, name: str) -> str:
    """A label with a blank in it, one of this video if it has one; else ""."""
    own = [folder.labels[code] for code in np.unique(folder.codes[name])]
    return next((label for label in [*own, *folder.labels] if " " in label), "")


def cut_note(differences: dict[str, int], count: int) -> list[str]:
    """Note on the frames that the tolerance cuts."""
    if not differences:
        return []
    cuts = [
        f"{name!r} {abs(cut)} {'true' if cut > 0 else 'predicted'}"
        for name, cut in differences.items()
    ]
    return [f"{len(differences)} of {count} videos were cut at their end: labels of {listed(cuts)}"]


def header_note(truth: LabelFolder, predictions: LabelFolder, names: Sequence[str]) -> list[str]:
    """Note on result files of a program as the truth."""
    first = names[0] if names else ""
    if truth.has_header(first) and not predictions.has_header(first):
        return [
            f"{truth.path} looks like predictions: its files have the header of MS-TCN's results;"
            " are --truth and --predictions exchanged?"
        ]
    return []


def check_kinds(
    truth: LabelFolder, predictions: LabelFolder, mapped: bool, match: str
) -> list[str]:
    """Notes on numbers on one side and names on the other.

    Raises:
        ValueError: they are to be compared as they stand, and nothing says what a number means;
            or the predictions are rows of numbers.
    """
    if rows := [label for label in predictions.labels if re.fullmatch(ROW, label)]:
        raise ValueError(
            f"{predictions.places(rows[0])}: {clip(rows[0])} is a row of numbers and no label:"
            " frame scores? python -m jaxseg.decode makes labels of them"
        )
    if mapped or truth.numbers == predictions.numbers:
        return []
    if predictions.numbers and match == "none":
        raise ValueError(
            f"{predictions.path}: numbers, where the truth has names: --match=none needs --mapping"
        )
    if predictions.numbers:
        return []
    problem = (
        f"{truth.path} looks like predictions: it has numbers, where {predictions.path} has names"
        f" ({listed(map(repr, predictions.labels))}); are --truth and --predictions exchanged?"
    )
    if match == "none":
        raise ValueError(f"{problem} Where the numbers stand for names, give --mapping")
    return [problem]


def unknown_labels(predictions: LabelFolder, names: ClassNames) -> list[str]:
    """Note on predicted labels that are no classes, where labels are compared by name."""
    known = set(names.classes)
    unknown = [
        label for label in predictions.labels if names.name_of(label, predictions) not in known
    ]
    if not unknown:
        return []
    videos = predictions.codes.values()
    described = []
    for label in unknown[:LISTED]:
        code = predictions.labels.index(label)
        frames = [int(np.count_nonzero(codes == code)) for codes in videos]
        described.append(
            f"{clip(label)} ({count(sum(frames), 'frame')} in"
            f" {count(np.count_nonzero(frames), 'video')}"
            f"{hint(label, known)})"
        )
    rest = len(unknown) - len(described)
    more = f" and {rest} more" if rest else ""
    return [
        f"{len(unknown)} of {len(predictions.labels)} predicted labels are no class of the truth"
        f" and always wrong: {', '.join(described)}{more}"
    ]


def count(number: int, what: str) -> str:
    """ "1 frame", "2,000 frames"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
