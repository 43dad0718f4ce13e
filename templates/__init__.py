"""Templates of the emitted file."""
