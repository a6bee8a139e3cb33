"""Streams: what platforms tell by themselves, beside the polls, stored through the same door.

`lease` says who holds a stream, `follow` hears one, `supervisor` keeps those of a process, `state` is what everybody
else may ask. Nothing is imported here: sources and polls ask `state`, and the supervisor needs both.
"""
