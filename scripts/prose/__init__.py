"""How posts read: the sentence figures of each, and the words and openings that the style does without."""
