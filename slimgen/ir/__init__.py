"""The resolved network as data: what the passes rewrite and the emitter prints."""
