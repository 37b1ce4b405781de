"""The papers' methods by name; each module has `make(config, num_clusters)`."""

from jaxseg.methods import asot, case, gaufuse, tot

METHODS = {"asot": asot.make, "tot": tot.make, "case": case.make, "gaufuse": gaufuse.make}
