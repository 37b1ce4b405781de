"""ASOT: unsupervised segmentation with structured pseudo-labels (Xu and Gould, CVPR 2024)."""

from jaxseg.methods.asot.config import AsotConfig as CONFIG

__all__ = ["CONFIG"]
