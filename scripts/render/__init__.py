"""The Markdown extension that puts excerpts, claims, call paths and figures on a page."""
