"""A call path as a manifest claims it, held against what was recorded."""
