# What a person must fix: issue-<code>. Each says what is wrong and what to do.
issue-required = This must be filled in.
issue-wrong-type = The value is of the wrong type; enter it again.
issue-root-has-parent = The university committee has no parent; clear this.
issue-branches-only = Only branches have this; check the type of the unit.
issue-same-person = The substitute is the same person; choose another.
issue-not-genuine = The document was found not genuine, so the condition is not met.
issue-poor-grade = The report was graded poor; check the conclusion.
issue-q01-format = An identity number has 18 characters (the last may be X); check the original.
issue-q01-check-digit = The check digit of the identity number is wrong; check the original.
issue-q02-numeric-cell = The identity number was stored as a number and lost its last digits; enter it again as text.
issue-q02-rounded-tail = The identity number ends in 000, as after a loss of digits in a sheet; check the original.
issue-q03-no-such-date = The birth date inside the identity number does not exist; check the original.
issue-q03-birth-date = The date of birth differs from the identity number ({ $born }); check both.
issue-q04-sex = The sex contradicts the identity number; check both.
issue-q04-fifteen-digits = This is an old number of 15 digits; enter the one with 18.
issue-q05-order = The dates are in the wrong order; check both.
issue-q05-under-age = The person was younger than { $age } then; check the dates.
issue-q05-probation = The probation is shorter than a year; check both dates.
issue-q05-deadline = Enrolment ends after the class; check both.
issue-q06-standing = Less than a year of Party standing when becoming secretary; check both dates.
issue-q06-long-term = The term is longer than { $years } years; give the approval or check it.
issue-q06-appointment-date = The date of appointment of a secretary is missing; add it.
issue-q07-duplicate = A record with this value exists already; correct it or merge the two.
issue-q07-same-person = Somebody of the same name and date of birth is there already; check if it is the same person.
issue-q08-twice = This person is there already.
issue-q08-overlap = It overlaps with another class of this person; check the times.
issue-q08-sign-out = Signed out before signing in; check the times.
issue-q09-hours-cap = More than { $hours } hours; half a day counts at most 4, a day 8.
issue-q09-hours-plan = More hours than planned; check both.
issue-q10-no-such-record = The record referred to does not exist or cannot be seen; choose again.
issue-q10-other-kind = The record referred to is of another kind; choose again.
issue-q11-empty = This is usually filled in; add it.
issue-q11-placeholder = This is only a placeholder; fill it in or clear it.
issue-q12-sum = A part is more than the whole; check the figures.
issue-q14-over-capacity = More persons have a place than the class has room for ({ $over } too many); raise the capacity or settle it with the units.
issue-q13-snapshot = It differs from the person file today; what it was then is kept here, please confirm.
issue-step-wrong-state = The record is not in a state for this step.
issue-step-other-office = This step is taken by { $office ->
    [headquarters] headquarters
    [unit-lead] the unit's secretary or deputy
    [server] the server
   *[organizer] the organizer
  }.
issue-step-needs-field = Fill this in first.
issue-step-unknown-state = There is no such state; choose one.
issue-step-needs-reason = Give a reason.
issue-policy-columns = This row lacks a column that its table reads.
issue-term-shift = An election is at most one year early or late.
issue-q06-second-secretary = The branch has a current secretary already; check the terms.
issue-q13-report-grade = Differs from the grade of that year's work-report review; please look.
issue-q15-mark = The mark is below the pass mark of the class ({ $least }).
issue-q15-attendance = Attendance is below what the class asks for ({ $least }%).
issue-q15-absences = { $absent } absences without excuse are more than the class allows.
issue-publicity-short = Publicity lasts { $days } working days (to { $last }).
issue-archived = An archived record is not changed any more; a correction is a late record with its reason.
issue-work-after-deadline = It came after the last day; please check.
issue-award-who = An award to a person names a person, one to an organization an organization; fill in one of them.
issue-award-publicity = Publicity takes its working days (to { $last }); please check the days.
issue-work-over-quota = This is more than the unit has places; please check.
issue-election-present = Fewer than four fifths were present; please check whether the election holds.
issue-election-candidates = There is not one fifth more candidates than places; please check.
issue-talks-date-only = Of talks only the date is kept; clear the subject.
