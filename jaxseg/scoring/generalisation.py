"""What there is to know of splits into training and test videos (TOT, Table 7)."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from jaxseg.evaluation.segmentation.groups import Labels

NOTE = (
    "each seed is a split of its own: what it learned from its training videos is matched and "
    "scored on its test videos alone; spreads are over splits, baselines are means over splits"
)


def describe_splits(
    videos: Mapping[str, str],
    tested: Mapping[int, Collection[str]],
    labels: Labels,
    classes: Sequence[str],
) -> dict:
    """The splits of a run in numbers, and the classes that a test part has for itself.

    Args:
        videos: video -> activity, of all videos.
        tested: seed -> the videos that it is tested on; it has learned from the others.
        labels: video -> int64 [frames], class indices; videos without a truth may be absent.
        classes: names by index; "" for those that are left out.

    Returns:
        `test_share`, the share of videos in the test part, mean over splits; `note`; and
        `splits`, for each seed the numbers of `train` and `test` videos and as `unseen`:
        activity -> classes that occur in its test videos and in none of its training videos.
    """
    splits = []
    for seed, chosen in sorted(tested.items()):
        unseen = {
            activity: names
            for activity in sorted(set(videos.values()))
            if (names := unseen_classes(own(videos, activity), chosen, labels, classes))
        }
        counts = {"train": len(videos) - len(chosen), "test": len(chosen)}
        splits.append({"seed": seed, **counts, "unseen": unseen})
    share = float(np.mean([len(chosen) / len(videos) for chosen in tested.values()]))
    return {"test_share": round(share, 4), "note": NOTE, "splits": splits}


def own(videos: Mapping[str, str], activity: str) -> list[str]:
    """The videos of one activity."""
    return [video for video, each in videos.items() if each == activity]


def unseen_classes(
    videos: Sequence[str], tested: Collection[str], labels: Labels, classes: Sequence[str]
) -> list[str]:
    """Names of the classes that only tested videos have."""
    there = [video for video in videos if video in labels]
    train = present(labels[video] for video in there if video not in tested)
    test = present(labels[video] for video in there if video in tested)
    return [classes[index] for index in sorted(test - train) if classes[index]]


def present(labels: Iterable[np.ndarray]) -> set[int]:
    """The labels that occur in any of the videos."""
    return {int(label) for video in labels for label in np.unique(video)}
