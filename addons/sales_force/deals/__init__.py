"""Deals: pure arithmetic, and SQL over sets of documents."""
