"""Where numbers were decided: documents, deferrals, and whether they say what they are said to say."""
