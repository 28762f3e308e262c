"""A reader's own requests through both engines' schedulers, on this machine: no measurement, and no record."""
