"""Flax Linen modules."""
