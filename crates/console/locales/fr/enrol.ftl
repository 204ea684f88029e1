enrol-title = Inscription
enrol-explained = Quelqu'un vous a remis un code, en personne. Votre appareil créera une clé d'accès ; puis vos trois mots seront affichés, une fois.
enrol-code = Le code
enrol-code-hint = Valable une fois, pour vous seul, et pendant une heure.
enrol-make = Créer ma clé d'accès et montrer mes mots
enrol-back = Retour à la connexion
