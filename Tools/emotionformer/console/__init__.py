"""What every tool prints: text from files is shown and never obeyed, and standard output may end at any time."""
