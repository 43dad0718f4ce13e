"""The language itself as a back end: a graph raised to a tree of its source."""
