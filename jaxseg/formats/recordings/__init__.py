"""Recordings in the files of other programs, each read as one matrix for each sequence."""
