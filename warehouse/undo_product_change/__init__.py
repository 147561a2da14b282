"""Command: Undo Product Change → Product Change Undone. The log keeps both."""
