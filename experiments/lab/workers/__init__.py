"""Scripts that run in an engine's own interpreter and print one JSON object; the driving side never imports them."""
