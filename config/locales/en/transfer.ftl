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
issue-unknown-code-nearest = “{ $value }” is not in the code list; the nearest is “{ $label }” ({ $nearest })
issue-formula-error = the formula in the cell failed; put the value in its place
issue-numeric-lossy = the number has lost digits (more than 15, or decimals); enter it as text
issue-month-ambiguous = the number .1 may be January or October; enter it as text
issue-q02-numeric-id = the id number is stored as a number and has lost its last three digits; enter it again as text
issue-q10-unknown-unit = no such unit: { $unit }
issue-q10-ambiguous-unit = several units are called “{ $unit }”; give the code
issue-staff-no-missing = the school number is missing; a name alone does not say who it is
issue-q10-unknown-staff-no = nobody has the school number { $staff_no }
issue-q10-ambiguous-staff-no = several people have the school number { $staff_no }
issue-name-mismatch = the name is not that of the person with school number { $staff_no }
issue-q07-duplicate-in-sheet = the same as in row { $row }
issue-unknown-id = no record has this id
issue-ambiguous-record = { $count } records fit this row
issue-out-of-scope = belongs to a unit that is not yours to write
issue-unit-missing = it is not said to which unit this belongs
issue-private-use = contains a character that only another system can show; please check
issue-unknown-column = this column is not known and was not read: { $column }
issue-numeric-column = in { $rows } rows a code or school number is stored as a number; leading zeros may be lost

import-error-empty = { $file } is empty
import-error-too-large = { $file } is too large: at most { $limit } MiB are read; split it into several files
import-error-corrupt = { $file } is damaged ({ $detail }); open it in Excel or WPS and save it as .xlsx
import-error-password = { $file } is protected by a password; remove the password first
import-error-html = { $file } is a web page; open it in Excel or WPS and save it as .xlsx
import-error-unsupported = { $file } is of a format that is not read; save it as .xlsx, .xls or .csv
import-error-no-sheet = { $file } has no sheet “{ $sheet }”, only: { $sheets }
import-error-no-header = { $file } has no known headings in its first 30 rows; use those of the sheet that ejia template KIND -o FILE.xlsx writes
import-error-ambiguous = { $file } may hold several kinds of records ({ $kinds }); say which
import-error-other-kind = the headings of { $file } are those of { $found }, not { $asked }
import-error-missing-columns = { $file } lacks columns that { $kind } needs: { $columns }

import-reject-row = Row
import-reject-reason = Reason

import-owner-unit = Unit code
import-by-staff-no = school number
import-by-code = code
import-required = required
issue-unknown-column-nearest = this column is not known and was not read: { $column }; the nearest heading is “{ $nearest }”
