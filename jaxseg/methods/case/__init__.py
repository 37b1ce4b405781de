"""CASE: snippets in clusters, clusters in foreground and background (Liu et al., ICCV 2023)."""

from jaxseg.methods.case.config import CaseConfig as CONFIG

__all__ = ["CONFIG", "make"]


def make(config: CONFIG, *, num_clusters: int):
    """The method's functions, see `method.make`; JAX is imported here and not before."""
    from jaxseg.methods.case import method

    return method.make(config, num_clusters=num_clusters)
