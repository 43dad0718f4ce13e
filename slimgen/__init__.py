"""Compile `.slim` networks to plain TensorFlow 2."""
