"""One measurement, one file: written whole, validated, read again."""
