"""The site made, served, and checked as a whole."""
