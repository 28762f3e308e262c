"""One folder an experiment: its servers and loads, what a visit does, the call path that is recorded."""
