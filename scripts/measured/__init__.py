"""What the lab wrote, read again: records, claims, figures."""
