"""The graph as data: the passes rewrite it, and a back end writes it."""
