"""Help for people who write rule files, skills and commands: what such a file says, what is wrong with it, and how to
put it right."""
