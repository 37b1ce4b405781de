"""Finding actions in long, untrimmed videos with optimal transport, in JAX."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxseg.segmenter import Segmenter

__all__ = ["Segmenter", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`Segmenter` when it is asked for: it imports JAX, which commands start faster without."""
    if name == "Segmenter":
        from jaxseg.segmenter import Segmenter

        return Segmenter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
