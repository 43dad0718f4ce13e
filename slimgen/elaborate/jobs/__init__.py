"""Jobs and what belongs to a network's weights: lines to settings."""
