policy-title = Règles
policy-lead = Voici les règles en vigueur. Elles nomment des groupes, pas des personnes ; qui appartient à quel groupe et qui habite où se trouve dans le registre, que seuls les auditeurs et les intervenants peuvent lire.
policy-no-sentences = Aucune règle n'est en vigueur.
policy-files = Les fichiers
policy-files-lead = Ce dont les phrases ci-dessus sont tirées, tel que cela a été mis en vigueur.
policy-no-files = Il n'y a pas de fichier qui contienne seulement des règles : ici, règles et registre forment un seul fichier, que lisent les auditeurs et les intervenants.
policy-change = Modifier les règles
policy-change-lead = Chacun peut proposer un changement. Avant de le proposer, vous voyez ce qu'il durcit, ce qu'il assouplit et son effet sur l'exposition.
policy-edit-link = Modifier les fichiers
policy-register-link = Registre
policy-hash = Empreinte
policy-hash-hint = Des règles et du registre ensemble. La même empreinte désigne la même politique, à la lettre près.
policy-pending = Changements en cours
policy-none-pending = Rien n'est en passe de modifier les règles.
policy-change-of = Changement proposé le
policy-yours = Vous l'avez proposé.
policy-lapses = En vigueur. Il tombe si personne d'un autre domicile ne le confirme :
policy-ready = Prend effet si personne n'y met fin :
policy-wants-approvals = Il attend encore des approbations.
policy-tightens = durcit
policy-loosens = assouplit
policy-mixed = durcit et assouplit
policy-equal = mêmes droits
policy-edit-title = Modifier la politique
policy-edit-lead = Modifiez le texte, puis regardez l'aperçu. Rien n'est proposé avant que vous ayez vu l'effet.
policy-others-stay = Vous voyez les fichiers qui ne contiennent que des règles. Le registre reste tel qu'il est ; vous proposez les règles ci-dessous avec le registre en vigueur.
policy-preview-button = Aperçu
policy-start-again = Repartir de ce qui est en vigueur
policy-leave = Quitter sans proposer
policy-preview-hint = L'aperçu ne propose rien et personne n'en est informé.
policy-preview-title = Aperçu d'un changement
policy-no-preview = Il n'y a pas d'aperçu de ceci.
policy-no-preview-next = Votre texte est ci-dessous, tel que vous l'avez envoyé. Corrigez-le, ou attendez un instant et regardez de nouveau.
policy-texts = Continuer à modifier
policy-errors = { $n ->
    [one] Il y a une erreur.
   *[other] Il y a { $n } erreurs.
}
policy-errors-next = Ces fichiers ne forment pas encore une politique. Corrigez ce qui est signalé ci-dessous, puis regardez de nouveau l'aperçu.
policy-warnings = { $n ->
    [one] Un avertissement : permis, mais dangereux ou inutile. Il figure ci-dessous.
   *[other] { $n } avertissements : permis, mais dangereux ou inutile. Ils figurent ci-dessous.
}
policy-warnings-here = { $n ->
    [one] Un avertissement
   *[other] { $n } avertissements
}
policy-unchanged = C'est ce qui est en vigueur : il n'y a encore rien à proposer.
policy-follows-tightens = Ce changement ne fait que retirer des droits ou ajouter des protections. Il prend effet dès que ceux qui peuvent durcir sont d'accord.
policy-follows-loosens = Ce changement permet davantage ou retire une protection. Il lui faut ses approbations et une longue attente ; tous ceux qui peuvent y mettre fin en sont informés.
policy-follows-mixed = Ce changement permet davantage sur certains points et moins sur d'autres. Il compte comme un assouplissement : approbations, longue attente, et tous ceux qui peuvent y mettre fin en sont informés.
policy-follows-equal = Personne ne pourra plus ni moins qu'aujourd'hui : seuls des noms ou l'ordre changent. Il prend effet dès que ceux qui peuvent durcir sont d'accord.
policy-place = ligne { $line }, colonne { $column }
policy-error = erreur
policy-warning = avertissement
policy-differences = Ce qui serait différent
policy-no-differences = Personne ne pourra plus ni moins qu'aujourd'hui.
policy-exposure = Exposition avant et après
policy-after-unbounded = Avec ce changement, plus rien ne bornerait la perte.
policy-before-unbounded = Aujourd'hui rien ne borne la perte ; avec ce changement, elle est bornée.
policy-figure = Pris, pendant combien de temps
policy-in-force = Aujourd'hui
policy-with-change = Avec le changement
policy-effect = Effet
policy-rises = monte
policy-falls = baisse
policy-same = inchangé
policy-bounded-now = désormais borné
policy-unbounded = sans borne
policy-others-rise = { $n ->
    [one] Un autre chiffre monte
   *[other] { $n } autres chiffres montent
}
policy-others-none-rise = D'autres chiffres baissent ; aucun ne monte
policy-others-same = Tous les autres chiffres restent tels quels.
policy-others = Autres chiffres qui changent
policy-propose = Proposer ce changement
policy-propose-title = Le proposer
policy-propose-at-once = Votre appareil signe exactement les fichiers de cet aperçu. Si votre seul accord suffit, ils entrent en vigueur aussitôt ; si vous durcissez seul, une personne d'un autre domicile doit confirmer.
policy-propose-waits = Votre appareil signe exactement les fichiers de cet aperçu. Ensuite d'autres approuvent, l'attente court, et une seule personne peut y mettre fin.
policy-propose-exactly = Si vous continuez à modifier ci-dessous, regardez de nouveau l'aperçu : ce qui est proposé est ce qui a été montré.
