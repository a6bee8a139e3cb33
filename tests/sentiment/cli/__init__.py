"""Tests of the room's commands."""
