"""A sticky Gaussian hidden Markov model: EM with priors, several restarts, Viterbi's path.

Frames are rotated and cut to their first principal components. A state is a Gaussian with a full
covariance; that it stays has a prior of its own (the idea of Fox et al., ICML 2008, with a number
of states that is given). All restarts of all seeds run side by side.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

COMPONENTS = 12
ITERATIONS = 60
RESTARTS = 4
SHORT = 10  # iterations of all restarts
TOLERANCE = 1e-4  # gain of the log likelihood a frame, below which EM has ended
SHRINKAGE = 0.1  # variance, as a share of the data's own, that a covariance is drawn to
STAY = 5.0  # prior transitions of a state to itself, times the frames that it has on average
PIECE = 500  # frames; EM cuts sequences into pieces that are passed through side by side
_TINY = 1e-300

# Gives centers, [K or fewer, D], of points [N, D], K and a generator.
Start = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]


class Models(NamedTuple):
    """R models with K states in D dimensions."""

    start: np.ndarray  # [R, K], first state of a sequence
    moves: np.ndarray  # [R, K, K], from a row to a column
    means: np.ndarray  # [R, K, D]
    covariances: np.ndarray  # [R, K, D, D]


class Chain(NamedTuple):
    """All frames, and the pieces of sequences that EM runs through."""

    moments: np.ndarray  # [N, D * D + D + 1], products, values and 1 of every frame
    size: int  # D
    index: np.ndarray  # [L, P], frame of each place of each piece; any one behind its end
    inside: np.ndarray  # bool [L, P], False behind the end of a piece


def segment(
    sequences: Sequence[np.ndarray],
    num_states: int,
    seeds: Sequence[int],
    start: Start,
) -> list[list[np.ndarray]]:
    """The likeliest states of every sequence for each seed, by the best of its restarts.

    Args:
        sequences: [frames, channels] each, scaled alike.
        start: makes the first means, anew for each restart.

    Returns:
        For each seed int64 [frames] of every sequence.
    """
    parts = components(sequences)
    chain = make_chain(parts)
    models = initial(np.concatenate(parts), num_states, seeds, start)
    last = -np.inf
    for iteration in range(ITERATIONS):
        models, likelihoods = improve(chain, models)
        if iteration == SHORT:  # of each seed the best restart goes on
            best = likelihoods.reshape(len(seeds), RESTARTS).argmax(axis=1)
            best += RESTARTS * np.arange(len(seeds))
            models, likelihoods = Models(*(each[best] for each in models)), likelihoods[best]
        elif iteration > SHORT and np.max(likelihoods - last) < TOLERANCE:
            break
        last = likelihoods
    ends = np.cumsum([len(part) for part in parts])[:-1]
    densities = np.moveaxis(log_densities(chain, models), 1, 0)
    return [
        [viterbi(part, first, moves) for part in np.split(each, ends)]
        for each, first, moves in zip(densities, models.start, models.moves, strict=True)
    ]


def components(sequences: Sequence[np.ndarray], count: int = COMPONENTS) -> list[np.ndarray]:
    """Principal components of all frames together, as many as vary up to `count`."""
    frames = np.concatenate(sequences).astype(np.float64)
    middle = frames.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(frames.T, bias=True).reshape(len(middle), -1))
    values, chosen = values[::-1][:count], vectors[:, ::-1][:, :count]
    chosen = chosen[:, values > 1e-9 * max(values[0], _TINY)]
    return [(sequence - middle) @ chosen for sequence in sequences]


def make_chain(sequences: Sequence[np.ndarray]) -> Chain:
    """Frames of all sequences [T, D], each cut into pieces of about the same length."""
    frames = np.concatenate(sequences)
    products = (frames[:, :, None] * frames[:, None]).reshape(len(frames), -1)
    moments = np.concatenate([products, frames, np.ones((len(frames), 1))], axis=1)
    pieces, first = [], 0
    for sequence in sequences:
        places = np.arange(first, first + len(sequence))
        pieces += np.array_split(places, -(-len(sequence) // PIECE))
        first += len(sequence)
    longest = max(map(len, pieces))
    index = np.stack([np.pad(piece, (0, longest - len(piece))) for piece in pieces], axis=1)
    inside = np.arange(longest)[:, None] < [len(piece) for piece in pieces]
    return Chain(moments, frames.shape[1], index, inside)


def initial(frames: np.ndarray, num_states: int, seeds: Sequence[int], start: Start) -> Models:
    """Models whose means are centers of clusters, `RESTARTS` for each seed."""
    size = frames.shape[1]
    means = []
    for seed in seeds:
        for restart in range(RESTARTS):
            rng = np.random.default_rng([seed, restart])
            centers = start(frames, num_states, rng)
            # Where frames are fewer than states, the others begin at frames that have a state.
            missing = rng.integers(len(frames), size=num_states - len(centers))
            means.append(np.concatenate([centers, frames[missing]]))
    shape = (len(means), num_states)
    moves = np.full((num_states, num_states), 0.1 / max(1, num_states - 1))
    np.fill_diagonal(moves, 0.9)
    spread = np.cov(frames.T, bias=True).reshape(size, size) / num_states ** (2 / size)
    return Models(
        start=np.full(shape, 1 / num_states),
        moves=np.tile(moves, (len(means), 1, 1)),
        means=np.stack(means),
        covariances=np.tile(spread, (*shape, 1, 1)),
    )


def log_densities(chain: Chain, models: Models) -> np.ndarray:
    """Logarithm of the density of every frame in every state, [N, R, K]."""
    shape, size = models.means.shape[:2], chain.size
    precisions = np.linalg.inv(models.covariances)
    pulls = np.einsum("rkij,rkj->rki", precisions, models.means)
    _, volumes = np.linalg.slogdet(models.covariances)
    ends = np.sum(pulls * models.means, axis=-1) + volumes + size * np.log(2 * np.pi)
    # A Gaussian's exponent is linear in the moments: one product gives all of them.
    weights = np.concatenate(
        [-0.5 * precisions.reshape(*shape, -1), pulls, -0.5 * ends[..., None]], axis=-1
    )
    return (chain.moments @ weights.reshape(-1, weights.shape[-1]).T).reshape(-1, *shape)


def improve(chain: Chain, models: Models) -> tuple[Models, np.ndarray]:
    """One iteration of EM: better models, and the log likelihood a frame of those given, [R]."""
    densities = np.moveaxis(log_densities(chain, models), 1, 0)[:, chain.index]  # [R, L, P, K]
    inside = chain.inside[..., None]
    peaks = densities.max(axis=-1, keepdims=True)
    chances = np.where(inside, np.exp(densities - peaks), 1)
    forward, scales = np.empty_like(chances), np.empty_like(peaks)
    before = models.start[:, None]
    for at in range(len(chain.index)):
        forward[:, at] = before * chances[:, at]
        scales[:, at] = forward[:, at].sum(axis=-1, keepdims=True) + _TINY
        forward[:, at] /= scales[:, at]
        before = forward[:, at] @ models.moves
    # Chances of a frame and of all that follow; behind the end of a piece it is 1 for every state.
    ahead, turned = chances / scales, np.swapaxes(models.moves, 1, 2)
    backward = np.ones_like(chances)
    for at in range(len(chain.index) - 1, 0, -1):
        ahead[:, at] *= backward[:, at]
        backward[:, at - 1] = ahead[:, at] @ turned
    shares = forward * backward * inside
    ahead *= inside
    states = models.start.shape[-1]
    pairs = np.swapaxes(forward[:, :-1].reshape(len(shares), -1, states), 1, 2) @ ahead[
        :, 1:
    ].reshape(len(shares), -1, states)
    likelihoods = np.where(inside, np.log(scales) + peaks, 0).sum(axis=(1, 2, 3))
    return maximize(chain, shares, pairs * models.moves), likelihoods / chain.inside.sum()


def maximize(chain: Chain, shares: np.ndarray, pairs: np.ndarray) -> Models:
    """Models of the highest posterior.

    Args:
        shares: [R, L, P, K] of frames in states.
        pairs: [R, K, K], expected transitions.
    """
    count, states = pairs.shape[:2]
    size, inside = chain.size, chain.inside
    frames = chain.moments[chain.index[inside]]  # as often as there are frames
    sums = np.swapaxes(shares[:, inside], 1, 2).reshape(count * states, -1) @ frames
    sums = sums.reshape(count, states, -1)
    weights = sums[..., -1:]
    means = sums[..., -1 - size : -1] / (weights + 1e-9)
    second = sums[..., : size * size] / (weights + 1e-9)
    covariances = second.reshape(*means.shape, size) - means[..., :, None] * means[..., None, :]
    # A prior as strong as 2 D frames keeps a state of few frames from shrinking to a point.
    prior, weights = 2 * size, weights[..., None]
    own = chain.moments[:, : size * size].mean(axis=0).reshape(size, size) * SHRINKAGE
    covariances = (weights * covariances + prior * np.diag(np.diag(own))) / (weights + prior)
    moves = pairs + 1 / states + STAY * len(chain.moments) / states * np.eye(states)
    start = shares[:, 0].sum(axis=1) + 1 / states
    return Models(
        start / start.sum(axis=-1, keepdims=True),
        moves / moves.sum(axis=-1, keepdims=True),
        means,
        covariances,
    )


def viterbi(densities: np.ndarray, start: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The likeliest path through states, int64 [T], from log densities [T, K]."""
    moves = np.log(moves)
    came = np.zeros(densities.shape, np.int64)
    score = np.log(start) + densities[0]
    for at in range(1, len(densities)):
        reached = score[:, None] + moves
        came[at] = reached.argmax(axis=0)
        score = reached.max(axis=0) + densities[at]
    path = np.empty(len(densities), np.int64)
    path[-1] = score.argmax()
    for at in range(len(densities) - 1, 0, -1):
        path[at - 1] = came[at, path[at]]
    return path
