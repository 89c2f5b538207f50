"""Programming: functions and programs described in words, graded by `code`."""
