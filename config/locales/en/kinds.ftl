# Names of record kinds: kind-<kind>, kind-<kind>-plural for lists and menus.
kind-unit = Unit
kind-unit-plural = Units
kind-person = Person
kind-person-plural = Persons
kind-post = Post
kind-post-plural = Posts
kind-training_class = Training class
kind-training_class-plural = Training classes
kind-session = Session
kind-session-plural = Sessions
kind-enrolment = Enrolment
kind-enrolment-plural = Enrolments
kind-attendance = Attendance
kind-attendance-plural = Attendance
kind-cultivation = Cultivation
kind-cultivation-plural = Cultivations
kind-cultivation_evidence = Cultivation evidence
kind-cultivation_evidence-plural = Cultivation evidence
kind-cultivation_measure = Cultivation measure
kind-cultivation_measure-plural = Cultivation measures
kind-cultivation_assessment = Cultivation assessment
kind-cultivation_assessment-plural = Cultivation assessments
kind-staff_file = Organizer file
kind-staff_file-plural = Organizer files
kind-appointment = Appointment
kind-appointment-plural = Appointments
kind-staff_review = Staff review
kind-staff_review-plural = Staff reviews
kind-establishment = Establishment
kind-establishment-plural = Establishments

# Areas of the menu.
area-org = Organisation
area-training = Training
area-cultivation = Double leaders
area-staff = Organizers
