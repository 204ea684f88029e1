enrol-title = Enrolment
enrol-explained = Somebody has given you a code, in person. Your device will make a passkey; then your three words are shown, once.
enrol-code = The code
enrol-code-hint = Good once, for you alone, and for one hour.
enrol-make = Make my passkey and show my words
enrol-back = Back to sign-in
