"""OAuth 2.0 for accounts: what a channel says of its platform, the code flow, and the keeper of a stored account."""
