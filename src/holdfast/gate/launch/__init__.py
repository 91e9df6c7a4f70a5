"""Starting what the gate needs: processes that end with it, stand-ins, the service, and reading its state."""
