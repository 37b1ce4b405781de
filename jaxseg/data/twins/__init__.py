"""Embedded stand-ins for the field's data sets."""
