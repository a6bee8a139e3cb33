"""Numbered migrations, one head. Applied ones are never edited."""
