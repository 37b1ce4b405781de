"""Measured times of jaxseg beside straightforward code."""
