"""What a claim asks for, as data: a value, a comparison, and the words that are made of it."""
