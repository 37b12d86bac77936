"""Every door given what nobody meant to give it: an answer in words, never a fault of ours."""
