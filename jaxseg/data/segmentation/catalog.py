"""The five data sets of unsupervised action segmentation: where they lie, what is in them."""

import dataclasses
import difflib
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Entry:
    """What the published files of a data set do not say about themselves.

    Attributes:
        folders: names under which the data set is published below a common root.
        mapping: file of `index name` lines, looked for in mapping/ and beside features/.
        many_to_one: several names may share an index, because the truth is finer than the classes.
        fps: frames a second of the published features; None where the releases do not say.
        excluded: names of classes that the field leaves out of every score.
        ignored_truth: endings of truth files that belong to no video.
    """

    folders: tuple[str, ...]
    mapping: str = "mapping.txt"
    many_to_one: bool = False
    fps: float | None = None
    excluded: tuple[str, ...] = ()
    ignored_truth: tuple[str, ...] = ()


CATALOG = {
    "breakfast": Entry(("Breakfast", "breakfast"), fps=15.0),
    "yti": Entry(
        ("YTI", "yti", "YouTubeInstructions", "YTI_data"),
        excluded=("-1", "background"),
        # The release holds the labels of a second feature type beside those of the common one.
        ignored_truth=("_idt",),
    ),
    # Both levels share features and truth; the coarser one is a matter of the mapping alone.
    "50salads_eval": Entry(
        ("FSeval", "FS", "50Salads", "50salads"),
        mapping="mappingeval.txt",
        many_to_one=True,
        fps=30.0,
    ),
    "50salads_mid": Entry(("FS", "50Salads", "50salads"), fps=30.0),
    "desktop_assembly": Entry(("desktop_assembly", "DesktopAssembly", "DA"), fps=10.0),
}


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """The known names, those most like `name` in front: the list an error message shows."""

    def likeness(candidate: str) -> float:
        return difflib.SequenceMatcher(None, name.lower(), candidate.lower()).ratio()

    return sorted(sorted(known), key=likeness, reverse=True)


def check_known(field: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raises ValueError for the first of `names` that is not known, with those that are."""
    known = list(known)
    for name in names:
        if name not in known:
            listed = ", ".join(nearest_first(name, known)) or "nothing"
            raise ValueError(f"{field}: there is no {name!r}; there is {listed}")
