"""The scores of a run as `evaluation.json` has them: tables within tables, over several seeds."""

from collections.abc import Callable

import numpy as np

# Part of `evaluation.json` -> what shares a matching there, and the average called pooled.
PARTS = {"full": ("activity", "pooled"), "per_video": ("video", "video")}


def score_tables(results: dict[str, dict]) -> dict[str, dict]:
    """The scores of both parts: `macro` and `pooled` averages, and by activity."""
    tables = {}
    for part, (_, pooled) in PARTS.items():
        averages = results[part]["averages"]
        tables[part] = {
            "macro": averages["macro"],
            "pooled": averages[pooled],
            "by_activity": {
                activity: {key: scores[key] for key in averages["macro"]}
                for activity, scores in results[part]["activities"].items()
            },
        }
    return tables


def mean(values: list[float]) -> float:
    """The plain mean."""
    return float(np.mean(values))


def spread(values: list[float]) -> dict:
    """Mean, population standard deviation and the values themselves."""
    return {"mean": float(np.mean(values)), "std": float(np.std(values)), "values": values}


def reduce_scores(results: list, reduce: Callable[[list[float]], object]):
    """Puts `reduce` of all results in place of every score of tables within tables."""
    if not isinstance(results[0], dict):
        return reduce(results)
    return {key: reduce_scores([each[key] for each in results], reduce) for key in results[0]}
