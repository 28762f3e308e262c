"""What sends requests and counts what comes back."""
