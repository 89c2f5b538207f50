"""Guru's puzzle families: `ordering`, `graph`, `zebra` and `arc`. Pure string work, answers in `<answer>`
tags."""
