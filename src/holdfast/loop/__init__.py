"""The event loop, watched: how late it runs, and which line of code held it when it stood still."""
