# What the use cases say.
