"""The commands that need more than one room, one file per subject."""
