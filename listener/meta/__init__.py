"""What Meta's platforms (Facebook, Instagram, WhatsApp) have in common: the Graph API and its webhooks.

Channels may not import each other, so it lies beside them. Must not touch the database.
"""
