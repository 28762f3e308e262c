"""What is measured: one notebook a post, the lab that makes its records, and the records themselves."""
