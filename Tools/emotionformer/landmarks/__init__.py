"""Face landmarks of videos: the command `Tools/landmarks`."""
