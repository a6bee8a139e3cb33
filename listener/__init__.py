"""The room that hears and speaks: channels, sources, mentions, and the ground every room stands on.

Imports nothing of the other rooms.
"""
