"""TOT and TOT+TCL: temporal optimal transport with ordered decoding (Kumar et al., CVPR 2022)."""

from jaxseg.methods.tot.config import TotConfig as CONFIG

__all__ = ["CONFIG", "make"]


def make(config: CONFIG, *, num_clusters: int):
    """The method's functions, see `method.make`; JAX is imported here and not before."""
    from jaxseg.methods.tot import method

    return method.make(config, num_clusters=num_clusters)
