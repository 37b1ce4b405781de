"""Entry of a data set that jaxseg does not know: six kitchens, filmed at ten frames a second.

    <root>/Kitchen/features/<video>.npy         [frames, 64]
    <root>/Kitchen/groundTruth/<video>.txt      a class name a frame
    <root>/Kitchen/mapping/actions.txt          `index name` a line; two names are one class

In jaxseg itself the entry belongs in `jaxseg/data/data_sets.py`. Outside of it, as here, the
config file imports it.
"""

from jaxseg.data import DATA_SETS, Layout, SegmentationEntry

DATA_SETS["kitchen"] = SegmentationEntry(
    Layout(folders=("Kitchen", "kitchen"), mapping="actions.txt", many_to_one=True),
    fps=10.0,
    excluded=("idle",),
)
