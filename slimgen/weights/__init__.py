"""Files of weights: what they hold, what a network would load, and rules for the rest."""
