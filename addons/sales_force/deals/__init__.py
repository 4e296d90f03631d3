"""Pure modules and set statements of deals."""
"""Deals: pure arithmetic and statements over sets of documents."""
