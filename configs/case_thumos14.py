"""CASE on THUMOS14."""

from configs import case


def get_config():
    """THUMOS14's constants, which are the base's."""
    return case.get_config()
