"""ASOT: unsupervised segmentation with structured pseudo-labels (Xu and Gould, CVPR 2024)."""

from jaxseg.methods.asot.config import AsotConfig as CONFIG

__all__ = ["CONFIG", "make"]


def make(config: CONFIG, *, num_clusters: int):
    """The method's functions, see `method.make`; JAX is imported here and not before."""
    from jaxseg.methods.asot import method

    return method.make(config, num_clusters=num_clusters)
