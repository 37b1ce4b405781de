"""Anyone's frame scores -> a segmentation: `python -m jaxseg.decode --help`."""
