"""What is seen of the use of a database: by request, with the line of code, told once."""
