"""The papers' methods by name; each module has `make(config, num_clusters)`."""

from jaxseg.methods import asot, case, tot

METHODS = {"asot": asot.make, "tot": tot.make, "case": case.make}
