"""What a visitor has made: kept in the visitor's own browser, and saved there as one file."""
