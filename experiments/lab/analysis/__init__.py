"""Records become claims and figures."""
