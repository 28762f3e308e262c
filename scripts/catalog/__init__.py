"""What the site knows of itself: the ledger, the knobs, the famous numbers, and the numbers in its prose."""
