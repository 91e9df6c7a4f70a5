"""Reading: from a folder of files to the form that the audit works on."""
