"""Code of the emitted file that needs no decision, as ordinary Python modules."""
