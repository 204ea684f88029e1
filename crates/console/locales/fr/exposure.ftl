exposure-title = Exposition
exposure-lead = Combien quelqu'un pourrait-il être forcé de transférer ? Pour chaque nombre de domiciles pris, chaque durée et chacun de trois déroulements, voici le plus qui puisse être perdu, quoi que fassent les agresseurs.
exposure-homes = { $n ->
    [one] un domicile
   *[other] { $n } domiciles
}
exposure-days = { $n } j
exposure-hours = { $n } h
exposure-thousands = { $n } k
exposure-millions = { $n } M
exposure-billions = { $n } Md
exposure-silent = personne ne donne l'alerte
exposure-signalled = mots d'alerte dès le premier acte
exposure-stopped = des personnes libres arrêtent tout
exposure-at-once = aussitôt
exposure-after = après { $length }
exposure-at-most = au plus : aucun moyen de l'atteindre n'a été trouvé, le vrai chiffre est peut-être plus bas
exposure-one-home = Un domicile pris, avec tous ses occupants, pendant { $length } : au plus
exposure-taken = Pris
exposure-meanwhile = Pendant ce temps
exposure-all = Tous les chiffres
exposure-all-lead = Choisissez un montant pour voir qui pourrait être forcé à quoi, et ce qui le ferait baisser.
exposure-meaning = Ce que disent les mots
exposure-silent-means = Le pire cas : toutes les personnes prises font ce qu'on leur ordonne, personne n'utilise de mots d'alerte, et personne à l'extérieur ne remarque rien avant la fin.
exposure-signalled-means = Les personnes prises entrent d'autres mots que les leurs, à chaque étape. Ce qui part sans longue attente part encore ; tout ce qui est lent est refusé au moment où il serait prêt, et aucun changement des règles ne prend effet.
exposure-stopped-means = Aucune des personnes prises ne donne l'alerte, mais des personnes libres s'en aperçoivent et arrêtent tout ouvertement, dans le délai de réaction que prévoient les règles. À partir de là, plus rien ne passe.
exposure-word-homes = domiciles pris
exposure-homes-means = Tous ceux qui y vivent tombent ensemble aux mains des agresseurs, avec appareils, clés et mots ; et avec eux, ceux contre qui ils pourraient servir de moyen de pression. Les agresseurs connaissent les règles et commencent au pire moment.
exposure-word-unbounded = sans borne
exposure-unbounded = Rien ne borne la perte.
exposure-unbounded-means = Un coffre n'a ni solde déclaré ni limite sur ce qui peut en sortir. On ne peut alors nommer aucune perte maximale, et il n'y a pas de chiffres.
exposure-unbounded-next = Donnez un solde à ce coffre dans les règles, reliez-le à sa chaîne ou fixez-lui une limite.
exposure-proven = Aucune stratégie ne dépasse un chiffre : il est prouvé, pas estimé. Les frais et les prix qui bougent entre-temps ne sont pas comptés.
exposure-curves = Perte au fil du temps
exposure-curves-lead = Plus longtemps des personnes sont retenues, plus on peut leur prendre. Les marches sont les attentes et les limites des règles. Les mêmes chiffres figurent dans le tableau ci-dessus.
exposure-curve-title = Perte maximale selon la durée de détention : { $mode }
exposure-curve-words = { $homes } : { $less } en { $first }, { $more } en { $last }.
exposure-worst = Qui pourrait être forcé, et comment
exposure-more-steps = { $n ->
    [one] Encore une étape semblable.
   *[other] Encore { $n } étapes semblables.
}
exposure-amount = Au plus
exposure-homes-taken = Domiciles pris
exposure-coalition = Contraints alors
exposure-begins = Pire moment pour commencer
exposure-assumes = Admis, parce que personne ne le dit
exposure-nobody = personne
exposure-no-steps = Rien ne peut être extorqué.
exposure-takes-effect = prend effet { $when }
exposure-lowered = Ce qui le ferait baisser
exposure-lowered-to = Chiffre obtenu
exposure-cost = Ce que cela coûte
exposure-edit-link = Modifier les fichiers
exposure-no-wait = Les transferts passés n'auraient pas attendu plus longtemps.
exposure-added-wait = Les transferts passés auraient attendu { $length } de plus au total.
exposure-blocked = { $n ->
    [one] Un transfert ne serait pas passé tel quel.
   *[other] { $n } transferts ne seraient pas passés tels quels.
}
exposure-advice = Changements les moins coûteux qui réduisent l'exposition
exposure-advice-lead = Pour un domicile : chaque fois le changement unique le moins coûteux qui fait baisser le chiffre, mesuré sur les transferts passés.
exposure-advised = Changement
exposure-figure = Chiffre
exposure-from-to = De, à
exposure-rose = L'exposition a augmenté
exposure-rose-figures = { $n ->
    [one] Un chiffre a monté
   *[other] { $n } chiffres ont monté
}
exposure-rose-stands = Ceci reste affiché jusqu'à ce que chaque chiffre soit redescendu, 30 jours au plus. Personne ne peut l'écarter.
exposure-rose-head = Hausse
exposure-rose-word = a monté
exposure-no-bound = sans borne
exposure-history = Comment on en est arrivé là
exposure-history-of = Un domicile, { $length }, personne ne donne l'alerte
exposure-history-words = { $n } réponses jusqu'ici ; le tableau ci-dessous donne les plus récentes.
exposure-history-table = Les mêmes en chiffres
exposure-history-newest = Les { $n } plus récentes sont affichées.
exposure-when = Depuis
exposure-further = Pour aller plus loin
exposure-drill-link = Exercice : les attaques connues, rejouées contre ces règles
exposure-certificate-link = Certificat : ce que vous pourriez publier, pour que chacun le sache
exposure-back = Retour à l'exposition
exposure-certificate-title = Certificat de dissuasion
exposure-certificate-none = Aucun certificat ne serait établi aujourd'hui.
exposure-certificate-draft = Projet, non signé
exposure-certificate-says = Qui prend { $homes } pendant { $length } obtient au plus
exposure-certificate-of-all = de tout ce qui est détenu
exposure-certificate-figures = Ce que dirait le certificat
exposure-certificate-includes = Quoi qu'on fasse : attente, changement des règles, clés et récupération comprises, et même si personne ne donne l'alerte.
exposure-certificate-lifetime = Valable pendant
exposure-certificate-policy = De la politique
exposure-certificate-make = Le signer
exposure-certificate-elsewhere = Un certificat se signe sur une autre machine : la clé n'est pas sur ce serveur. Là-bas, avec les mêmes fichiers :
exposure-certificate-print = Cette page peut être imprimée.
exposure-drill-title = Exercice sur des attaques réelles
exposure-drill-lead = { $replayed } des { $rows } attaques connues du public, rejouées une à une contre les règles en vigueur, chaque fois avec des coffres pleins.
exposure-drill-wallet = un portefeuille qu'ouvrent un téléphone et un mot de passe
exposure-drill-case = Si
exposure-drill-lost = Perdu au total
exposure-drill-totals = Perdu dans toutes les attaques ensemble
exposure-drill-held = Les coffres contiennent
exposure-drill-caution = Les totaux comparent des règles entre elles ; ce ne sont pas des prévisions.
exposure-drill-figure = La perte selon la durée de détention, avec chaque attaque comme un point. Le rapport ci-dessous dit la même chose en mots.
exposure-drill-report = Rapport
