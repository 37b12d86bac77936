"""The protections of docs/security.md, each with its test and the part of OWASP ASVS 5.0."""
