"""Blocks that every network may use: `use "std/…"`."""
