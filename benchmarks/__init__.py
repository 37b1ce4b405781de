"""Benchmarks of jaxseg, alone and beside other programs: `python -m benchmarks.NAME --help`."""
