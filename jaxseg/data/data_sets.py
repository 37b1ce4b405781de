"""Registry of the data sets: files, reader, embedded twin and published sizes of each.

A new data set is one entry of `DATA_SETS` and one config file, as docs/examples/add_a_data_set
shows. No other place in jaxseg lists data sets.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import ClassVar

from jaxseg.data.localization import wtalc
from jaxseg.data.localization.activitynet import read_activitynet, read_v12, read_v13
from jaxseg.data.localization.assembly import Parts
from jaxseg.data.localization.records import SNIPPET_SECONDS
from jaxseg.data.localization.thumos14 import read_thumos14
from jaxseg.data.segmentation.layouts import Layout
from jaxseg.data.twins.localization import LocalizationTwin
from jaxseg.data.twins.segmentation import Twin


@dataclasses.dataclass(frozen=True)
class SegmentationEntry:
    """A data set of action segmentation.

    Attributes:
        layout: names of its files, see `layouts.find_published`.
        fps: frames a second of the published features; None where the releases do not say.
        excluded: names of classes, in lower case, that the field leaves out of every score.
        twin: generated stand-in for runs without a root; None where there is none.
        videos: published number of videos by activity; empty where unknown.
        frames: length of a typical published video.
        channels: of the published features.
    """

    task: ClassVar[str] = "segmentation"

    layout: Layout
    fps: float | None = None
    excluded: tuple[str, ...] = ()
    twin: Twin | None = None
    videos: Mapping[str, int] = dataclasses.field(default_factory=dict)
    frames: int = 0
    channels: int = 0


@dataclasses.dataclass(frozen=True)
class LocalizationEntry:
    """A data set of weakly supervised action localization.

    Attributes:
        folders: names under which the data set lies below a common root.
        read: (the folder of the data set, *, skip_missing, progress, processes) -> its parts;
            raises FileNotFoundError for a missing part and ValueError for any other error.
        content: names of folders or files, by any of which the data set's folder is recognized.
        subset_names: see `SnippetSet`.
        seconds_per_snippet: see `SnippetSet`.
        twin: generated stand-in for runs without a root; None where there is none.
        videos: published number of training videos; 0 where unknown.
        classes: number of classes.
        snippets: length of a typical longest video of a batch of ten.
        channels: of one stream.
    """

    task: ClassVar[str] = "localization"

    folders: tuple[str, ...]
    read: Callable[..., Parts]
    content: tuple[str, ...] = ("features",)
    subset_names: tuple[str, str] = ("train", "test")
    seconds_per_snippet: float | None = SNIPPET_SECONDS
    twin: LocalizationTwin | None = None
    videos: int = 0
    classes: int = 0
    snippets: int = 0
    channels: int = 1024


# Videos of the published annotation, https://github.com/hildekuehne/HTK_actionRecognition.
BREAKFAST_VIDEOS = {
    "cereals": 184,
    "coffee": 167,
    "friedegg": 173,
    "juice": 162,
    "milk": 187,
    "pancake": 157,
    "salat": 163,
    "sandwich": 169,
    "scrambledegg": 166,
    "tea": 184,
}
SALADS_FOLDERS = ("FS", "50Salads", "50salads")
SALADS_TWIN = Twin.read("50salads")
SALAD = SALADS_TWIN.grammars["salad"]
THUMOS_TWIN = LocalizationTwin.read("thumos14")
ACTIVITYNET12_TWIN = LocalizationTwin.read("activitynet12")

DATA_SETS: dict[str, SegmentationEntry | LocalizationEntry] = {
    "breakfast": SegmentationEntry(
        Layout(("Breakfast", "breakfast")),
        fps=15.0,
        twin=Twin.read("breakfast"),
        videos=BREAKFAST_VIDEOS,
        frames=2000,
        channels=64,
    ),
    "yti": SegmentationEntry(
        # The release holds the labels of a second feature type beside those of the common one.
        Layout(("YTI", "yti", "YouTubeInstructions", "YTI_data"), ignored_truth=("_idt",)),
        excluded=("-1", "background"),
        twin=Twin.read("yti"),
        videos=dict.fromkeys(("changing_tire", "coffee", "cpr", "jump_car", "repot"), 30),
        frames=4000,
        channels=3000,
    ),
    # Both levels share features and truth; only the mapping of the eval level is coarser.
    "50salads_eval": SegmentationEntry(
        Layout(("FSeval", *SALADS_FOLDERS), mapping="mappingeval.txt", many_to_one=True),
        fps=30.0,
        twin=SALADS_TWIN._replace(grammars={"50salads_eval": SALAD}),
        videos={"50salads_eval": 50},
        frames=11552,
        channels=64,
    ),
    "50salads_mid": SegmentationEntry(
        Layout(SALADS_FOLDERS),
        fps=30.0,
        twin=SALADS_TWIN._replace(grammars={"50salads_mid": SALAD}, merged={}),
        videos={"50salads_mid": 50},
        frames=11552,
        channels=64,
    ),
    "desktop_assembly": SegmentationEntry(
        Layout(("desktop_assembly", "DesktopAssembly", "DA")),
        fps=10.0,
        twin=Twin.read("desktop_assembly"),
        videos={"desktop_assembly": 76},
        frames=778,
        channels=512,
    ),
    "thumos14": LocalizationEntry(
        ("THUMOS14", "thumos14", "THUMOS"),
        read_thumos14,
        twin=THUMOS_TWIN,
        videos=200,
        classes=20,
        snippets=900,
    ),
    "thumos14_wtalc": LocalizationEntry(
        ("Thumos14reduced", "Thumos14", "THUMOS14", "thumos14"),
        functools.partial(wtalc.read_bundle, names=wtalc.THUMOS14, subsets=wtalc.THUMOS14_SUBSETS),
        content=wtalc.content(wtalc.THUMOS14),
        subset_names=("validation", "test"),
        twin=THUMOS_TWIN,
        videos=200,
        classes=20,
        snippets=900,
    ),
    "activitynet12": LocalizationEntry(
        ("ActivityNet12", "ActivityNet1.2", "activitynet12"),
        functools.partial(read_activitynet, read_annotation=read_v12),
        subset_names=("training", "validation"),
        seconds_per_snippet=None,
        twin=ACTIVITYNET12_TWIN,
        videos=4819,
        classes=100,
        snippets=341,
    ),
    "activitynet12_wtalc": LocalizationEntry(
        ("ActivityNet1.2", "ActivityNet12", "activitynet12"),
        functools.partial(
            wtalc.read_bundle, names=wtalc.ACTIVITYNET12, subsets=wtalc.ACTIVITYNET12_SUBSETS
        ),
        content=wtalc.content(wtalc.ACTIVITYNET12),
        subset_names=("training", "validation"),
        twin=ACTIVITYNET12_TWIN,
        videos=4819,
        classes=100,
        snippets=341,
    ),
    "activitynet13": LocalizationEntry(
        ("ActivityNet13", "ActivityNet1.3", "activitynet13"),
        functools.partial(read_activitynet, read_annotation=read_v13),
        subset_names=("training", "validation"),
        seconds_per_snippet=None,
        twin=LocalizationTwin.read("activitynet13"),
        videos=10024,
        classes=200,
        snippets=341,
    ),
}


def names_of(task: str) -> list[str]:
    """Names of the data sets of a task, "segmentation" or "localization"."""
    return [name for name, entry in DATA_SETS.items() if entry.task == task]
