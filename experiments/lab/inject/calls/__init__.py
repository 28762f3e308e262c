"""Which functions an engine entered."""
