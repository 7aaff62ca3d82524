"""What sliders move along: directions, how they are found, and where they are stored."""
