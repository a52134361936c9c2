"""What the files that steer a model say: rules, skills, slash commands. Pure: the core and the disk shell share it."""
