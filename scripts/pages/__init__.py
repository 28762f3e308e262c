"""What pages say before they are rendered: their order, pairs, references, corrections."""
