"""What became of everything quoted in another release, and the moving of a pin."""
