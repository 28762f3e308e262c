"""What the lab and the site both write and read: the form of values, standard library alone."""
