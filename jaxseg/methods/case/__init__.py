"""CASE: snippets in clusters, clusters in foreground and background (Liu et al., ICCV 2023)."""

from jaxseg.methods.case.config import CaseConfig as CONFIG

__all__ = ["CONFIG"]
