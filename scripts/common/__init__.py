"""What every package uses: the one error, whole files, a lock."""
