"""Command lines: train, generate, evaluate, tune, sliders."""
