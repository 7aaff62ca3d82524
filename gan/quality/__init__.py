"""How good a generator is: figures that treat all families alike, and the card they go on."""
