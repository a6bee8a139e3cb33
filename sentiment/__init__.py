"""The room that understands: sentiment, urgency, category and "does it want an answer".

It may import ``listener`` and nothing above. Importing the package loads no model.
"""
