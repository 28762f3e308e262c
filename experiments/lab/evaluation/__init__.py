"""An experiment as a whole: measured and redrawn, set beside the reference, evaluated again."""
