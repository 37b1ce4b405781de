"""From what a run predicts back to the videos that it is of: thumbnails, links, tables.

Only for runs of videos whose features jaxseg made itself; of others nobody knows the files. The
libraries that this needs are those of the extra `video`; importing this package needs none.
"""

from jaxseg.footage.assemble import write

__all__ = ["write"]
