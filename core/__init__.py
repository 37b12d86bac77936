"""The write side: a folder a noun, pure rules apart from effects."""
