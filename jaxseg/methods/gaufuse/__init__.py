"""GauFuse: fused instances as pseudo-labels, on the RSKP backbone (Zhou et al., CVPR 2023)."""

from jaxseg.methods.gaufuse.config import GaufuseConfig as CONFIG

__all__ = ["CONFIG"]
