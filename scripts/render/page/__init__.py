"""The Markdown extension, and what all blocks share."""
