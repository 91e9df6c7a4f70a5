"""What mends what rules find: one file a change."""
