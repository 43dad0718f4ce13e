"""The lines of jobs, declared as layers are.

They have the same parameters, checks and documentation, but make no tensors.
"""
