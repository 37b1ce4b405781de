"""Sequences with a feature vector and perhaps a label a frame."""
