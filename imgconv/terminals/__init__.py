"""Pictures in terminals: what a terminal can show, pictures fitted to it, and how each protocol sends them. No command
is here."""
