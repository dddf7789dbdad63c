"""`Tools/wild`: model files of other people, here and in their own frameworks."""
