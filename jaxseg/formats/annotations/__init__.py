"""Annotated segments of recordings: tables and documents of annotation programs."""
