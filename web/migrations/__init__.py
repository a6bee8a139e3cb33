"""Numbered Alembic migrations; run by `allears db upgrade` and, under a lock, by `run` and `demo`."""
