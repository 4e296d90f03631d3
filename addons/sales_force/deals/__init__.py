"""Pure modules and set statements of deals."""

"""Deals: pure arithmetic and statements over sets of documents."""
"""What deals are decided by: arithmetic without environment, and SQL over sets."""
