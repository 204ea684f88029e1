moment = { $day } { $month } { $year }, { $clock }
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.
length-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
length-hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
length-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
length-seconds = { $n ->
    [one] { $n } seconde
   *[other] { $n } secondes
}
phrase-word = Mot
phrase-yours = Vos trois mots
phrase-completions = Mots qui commencent ainsi
act-needs-script = Ceci demande JavaScript : votre appareil signe ce que vous voyez. Lire, arrêter et la page d'alarme fonctionnent sans.
