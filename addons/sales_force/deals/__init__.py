"""The arithmetic of deals, and their work over many documents as sets."""
