"""What the entry scripts beside this folder share."""
