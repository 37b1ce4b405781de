"""One to one by taking turns: each chooses the best that those before it have left."""

import numpy as np


def serial_choice(
    chooser: np.ndarray, choice: np.ndarray, num_choosers: int, num_choices: int
) -> np.ndarray:
    """What everybody gets when choosers 0, 1, 2, ... choose in turn.

    The turns are not walked one by one. All ask at once for the best they have not been
    refused yet; of those who ask for the same one the first in turn keeps it, for as long as
    nobody before asks for it. Since all choices rank the choosers alike, this deferred
    acceptance (Gale and Shapley 1962) ends where the turns would.

    Args:
        chooser: int64 [pairs], ascending.
        choice: int64 [pairs], what each chooser accepts, best first.

    Returns:
        int64 [choosers], the choice of each, -1 for none.
    """
    turn = np.searchsorted(chooser, np.arange(num_choosers))
    end = np.searchsorted(chooser, np.arange(num_choosers), side="right")
    holder = np.full(num_choices, num_choosers)
    asking = np.flatnonzero(turn < end)
    while asking.size:
        wanted = choice[turn[asking]]
        before = holder[wanted]
        np.minimum.at(holder, wanted, asking)
        after = holder[wanted]
        displaced = np.unique(before[(before != after) & (before < num_choosers)])
        refused = np.concatenate([asking[asking != after], displaced])
        turn[refused] += 1
        asking = refused[turn[refused] < end[refused]]
    result = np.full(num_choosers, -1)
    taken = np.flatnonzero(holder < num_choosers)
    result[holder[taken]] = taken
    return result
