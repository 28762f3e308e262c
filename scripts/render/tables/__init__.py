"""Pages that are made of rows: knobs, famous numbers, ledger, drift."""
