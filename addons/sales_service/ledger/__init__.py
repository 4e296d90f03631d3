"""What tickets say about people, as credits of ``sales_force``'s ledger."""
