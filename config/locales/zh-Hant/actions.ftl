# Names of the actions: action-<id>, one line of help each: action-<id>-help.
