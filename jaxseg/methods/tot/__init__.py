"""TOT and TOT+TCL: temporal optimal transport with ordered decoding (Kumar et al., CVPR 2022)."""

from jaxseg.methods.tot.config import TotConfig as CONFIG

__all__ = ["CONFIG"]
