"""This machine: its card, its interpreters, its model folders, the lab's configuration."""
