# Paper forms: their titles, and what `ejia form` says.

cli-about-form = Fill paper forms: approval and registration forms, rosters, sign-in sheets
cli-arg-form-name = Name of the form
cli-arg-ids = Ids of the records; a person's school number or a unit's code will do
cli-arg-form-output = File to write (.docx or .xlsx); a folder if there are several records
cli-arg-form-year = Year of hours and reviews; this year if left out
cli-arg-blank = An empty form
cli-arg-template = Write the template, for your office to change
cli-form-written = { $count } forms filled: { $path }
cli-form-template = Template written to { $path }. Change it and put it at { $own }: from then on it is used.
cli-col-format = Format

error-not-found-form = There is no form { $id }.
hint-not-found-form = ejia form --list names the forms.
error-form-for-whom = It was not said whom the form is for.
hint-form-for-whom = Name a record ({ $kind }), choose with --where, or ask for an empty form with --blank.
error-extension-form = This form cannot be a .{ $extension } file.
hint-extension-form = The file name must end in .{ $wanted }.
error-form-document = The template is no usable .docx: { $cause }
hint-form-document = ejia form NAME --template -o FILE gives the original; or save it as .docx in the word processor.
error-form-too-large = The template is too large.
hint-form-too-large = No part of a form may be over 8 MB; take pictures out.
error-form-unknown = The tag “{ $tag }” in the template asks for { $name }, which there is not.
hint-form-unknown = Use one of the names there are.
error-form-tag = The tag “{ $tag }” in the template cannot be understood, or its list does not end in the same row.
hint-form-tag = docs/guide/forms.md says how tags are written.
error-form-definition = The definition of the roster cannot be read: { $cause }
hint-form-definition = Correct the line named, or remove the file to use the one the program brings.
error-form-workbook = The workbook cannot be made: { $cause }
hint-form-workbook = Use fewer rows or columns.

form-enrolment-summary = Enrolment summary
form-student-registration = Registration of a participant
form-sign-in = Sign-in sheet, one column per half day
form-hours-register = Register of training hours of a person
form-hours-summary = Summary of training hours of a unit
form-certificate = Certificate of completion
form-cultivation-nomination = Nomination of a double leader
form-cultivation-ledger = Ledger of double leaders
form-cultivation-review = Double leader's yearly assessment
form-studio-application = Application for a double leader's studio
form-staff-registration = Organizer's registration form
form-staff-appointment = Organizer's appointment approval
form-staff-review = Organizer's yearly review
form-staff-roster = Roster of organizers
