"""Graph to Python text."""
