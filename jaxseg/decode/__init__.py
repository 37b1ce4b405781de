"""Anyone's frame scores -> a segmentation: `python -m jaxseg.decode --help`."""

FUGW, VITERBI, ARGMAX, MEDIAN = METHODS = ("fugw", "viterbi", "argmax", "median")
