"""Pure modules and set statements of deals."""
