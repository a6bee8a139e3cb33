"""The room that decides and answers: rules, alerts, suggestions, replies, digests.

May import `sentiment` and `listener`, never `web`.
"""
