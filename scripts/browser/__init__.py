"""What needs a browser: the benchmark and the pictures."""
