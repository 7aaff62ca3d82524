"""Losses, steps, the training loop and checkpoints."""
