"""Motion features: HOG, HOF and MBH along dense flow, as Fisher vectors."""
