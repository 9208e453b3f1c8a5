# What the server and its administration say.
