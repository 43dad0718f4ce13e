"""Text to tree and back; what words mean is not decided here."""
