"""Paths, directions and inversion in latent space."""
