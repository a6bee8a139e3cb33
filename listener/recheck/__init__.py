"""Asking the platform again about what is stored: edited, deleted, answered there, shared more.

`periods` says how often, `schedule` what is due, `run` does one source's share, `keep` stores what came back. What
cannot wait (a post with an open alert) is known by the room above, which hands over the query of its ids.
"""
