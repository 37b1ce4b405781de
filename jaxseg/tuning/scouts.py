"""Scouts: members of one short program that differ in their settings, to look at what they find."""

from collections.abc import Mapping, Sequence

import jax
import numpy as np
from tqdm import tqdm

from jaxseg import processes
from jaxseg.config import Config
from jaxseg.data.segmentation.records import DataSet
from jaxseg.data.segmentation.video import Video
from jaxseg.prediction.finished import evenly_chosen
from jaxseg.prediction.segments import Arguments, bucket_lengths, make_survey, padded
from jaxseg.training.loop import first_state
from jaxseg.training.members import Member
from jaxseg.training.setup import place_batch, set_up
from jaxseg.training.step import make_gather, make_step

DECODED = 30_000  # frames of an activity on which scouts are compared
AT_ONCE = 4  # members that decode together: all at once would need their plans in memory


def looked_at(videos: Sequence[Video], longest: float) -> list[Video]:
    """Evenly chosen videos of an activity, or pieces of long ones, for comparing scouts.

    Args:
        videos: all of the activity.
        longest: duration that is tried, in frames; a piece holds eight of them.
    """
    length = max(DECODED // 3, int(8 * longest))
    pieces = [
        piece for video in videos for piece in video.pieces(max(1, video.num_frames // length))
    ]
    frames = sum(piece.num_frames for piece in pieces)
    count = max(1, int(len(pieces) * min(1, max(DECODED, length) / frames)))
    return [pieces[index] for index in sorted(evenly_chosen(len(pieces), count))]


def run(
    config: Config,
    data: DataSet,
    members: Sequence[Member],
    videos: Mapping[str, Sequence[Video]],
    *,
    progress: bool = True,
) -> list[list[np.ndarray]]:
    """Trains members to their last step and decodes some videos of their activity.

    All processes call it together.

    Args:
        config: of the run.
        data: whose activities the members learn.
        members: of one program.
        videos: activity -> what its members decode.
        progress: show a bar.

    Returns:
        For each member the labels of its activity's `videos`, int [frames] each.
    """
    setup = set_up(config, data, members)
    step, state = make_step(setup.method, setup.mesh), first_state(setup)
    disable = not (progress and processes.is_first())
    batches = setup.batches.iterate(0)
    bar = tqdm(batches, "auto", setup.num_steps, unit="step", disable=disable)
    for batch in bar:
        state, _ = step(state, place_batch(setup, batch), setup.inputs)
    gather = make_gather(len(members), setup.mesh)
    everything = Arguments(*gather((state.params, state.carried)), gather(setup.inputs))
    decode = jax.jit(jax.vmap(lambda *each: setup.method.predict(*each)["labels"], (0, 0, None, 0)))
    survey = make_survey(setup.method)
    found: dict[int, list[np.ndarray]] = {}
    for activity, chosen in videos.items():
        lengths = bucket_lengths([video.num_frames for video in chosen], 1)  # compiled once
        slots = [at for at, member in enumerate(members) if member.activity == activity]
        for start in range(0, len(slots), AT_ONCE):
            # The last group is filled up, so that one shape is compiled.
            group = np.resize(slots[start : start + AT_ONCE], AT_ONCE)
            arguments = jax.tree.map(lambda leaf, group=group: leaf[group], everything)
            carried = survey(
                [members[at] for at in group],
                chosen,
                arguments,
                lambda video, lengths=lengths: padded(video, lengths),
            )
            labels: dict[str, np.ndarray] = {}
            for index, video in processes.share(chosen):
                frames = padded(video, lengths)
                output = decode(arguments.params, carried, frames, arguments.inputs)
                labels[str(index)] = np.asarray(output)[:, : video.num_frames]
            labels = processes.exchange(labels)
            for place, at in enumerate(slots[start : start + AT_ONCE]):
                found[at] = [labels[str(index)][place] for index in range(len(chosen))]
    return [found[at] for at in range(len(members))]
