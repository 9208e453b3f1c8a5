# What a person must fix: issue-<code>.
