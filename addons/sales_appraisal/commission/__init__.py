"""Arithmetic of commission, without records, and its statements over credits."""
