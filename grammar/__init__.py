"""The grammar of `.slim` files."""
