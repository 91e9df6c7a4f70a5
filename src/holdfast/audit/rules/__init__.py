"""What the audit looks for: a module a rule, a folder a family."""
