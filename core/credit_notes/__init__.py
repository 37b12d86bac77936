"""Credit notes: what is given back on paper, and held as the customer's credit."""
