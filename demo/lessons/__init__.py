"""Lessons: a file says what is shown scene by scene, and the page shows it as large as the screen."""
