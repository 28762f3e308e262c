"""Where the repository lies. Standard library only: it is imported before any environment is made."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
