"""The papers' methods by name; each module has `make(config, num_clusters)`."""

from jaxseg.methods.asot import method as asot
from jaxseg.methods.case import method as case
from jaxseg.methods.gaufuse import method as gaufuse
from jaxseg.methods.tot import method as tot

METHODS = {"asot": asot.make, "tot": tot.make, "case": case.make, "gaufuse": gaufuse.make}
