"""One module a file of the program, with its mutants."""
