"""Explore the latent space of generators of polyphonic, multi-track music."""

__version__ = "0.1.0"
