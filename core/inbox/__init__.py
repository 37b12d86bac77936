"""The inbox of unmatched transfers: what each may pay, decisions, and posting by itself."""
