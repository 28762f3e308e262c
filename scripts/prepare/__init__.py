"""Before the site generator: pages as plain Markdown and HTML in a folder that any generator of its kind can build."""
