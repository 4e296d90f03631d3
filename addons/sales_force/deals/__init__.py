"""Deals: pure arithmetic and statements over sets of documents."""
