moment = { $day } { $month } { $year }, { $clock }
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = June
month-7 = July
month-8 = Aug
month-9 = Sept
month-10 = Oct
month-11 = Nov
month-12 = Dec
length-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
length-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
length-minutes = { $n ->
    [one] 1 minute
   *[other] { $n } minutes
}
length-seconds = { $n ->
    [one] 1 second
   *[other] { $n } seconds
}
phrase-word = Word
phrase-yours = Your three words
phrase-completions = Words that begin so
act-needs-script = This needs JavaScript: your device signs what you see. Reading, stopping and the alarm page work without.
