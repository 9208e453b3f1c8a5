# Messages of import, export and entry.

issue-forbidden-character = contains a character that cannot be stored ({ $character }); delete it
issue-too-long = too long: at most { $max } characters
issue-not-a-number = not a number
issue-out-of-range = must be between { $min } and { $max }
issue-too-many-decimals = at most one decimal place
issue-not-a-flag = enter yes or no
issue-not-a-date = not a date; write 2018-06-01 or 2018.06
issue-not-a-moment = not a date and time; write 2018-06-01 17:00
issue-not-a-phone = not a telephone number
issue-unknown-code = “{ $value }” is not in the code list
issue-reference-unresolved = the record referred to was not found
