"""Plants small faults in a copy of the project and counts how many the tests notice."""
