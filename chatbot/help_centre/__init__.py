"""The public help centre: the entries of knowledge bases that are switched on for it, to be read, searched and found.

A house of its own beside the chat: it reads what the chat answers from, and shares its limits and nothing else.
"""
