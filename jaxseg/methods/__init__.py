"""The papers' methods by name; each module has `make(config, num_clusters)`."""

from jaxseg.methods import asot

METHODS = {"asot": asot.make}
