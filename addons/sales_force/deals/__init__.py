"""What deals are decided by: arithmetic without environment, and SQL over sets."""
