"""What manifests name, checked in the pinned source: excerpts, call paths, defaults, replays."""
