"""Online k-means on single frames: an example of a method, for jaxseg/methods/frame_kmeans/."""

from jaxseg.methods.frame_kmeans.config import FrameKmeansConfig as CONFIG  # noqa: F401
