"""Tests; a package, since sleap-io installs one of the same name that would hide this folder."""
