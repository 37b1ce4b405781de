"""GauFuse: fused instances as pseudo-labels, on the RSKP backbone (Zhou et al., CVPR 2023)."""

from jaxseg.methods.gaufuse.config import GaufuseConfig as CONFIG

__all__ = ["CONFIG", "make"]


def make(config: CONFIG, *, num_clusters: int):
    """The method's functions, see `method.make`; JAX is imported here and not before."""
    from jaxseg.methods.gaufuse import method

    return method.make(config, num_clusters=num_clusters)
