"""Arithmetic of tickets, without records."""
