overview-title = Vue d'ensemble
overview-waiting = En attente de vous
overview-nothing = Rien ne vous attend.
overview-approve = à approuver
overview-transfer = { $value } depuis { $vault }
overview-by = Soumis par { $name }
overview-before = Échéance
overview-all-transfers = Les { $n } transferts en attente
overview-all-motions = Les { $n } propositions en attente
overview-propose = Proposer un transfert
overview-stop = Arrêter quelque chose
overview-way = En chemin
overview-way-explained = Assez de personnes ont donné leur accord. Ceci prend effet tout seul à la fin de l'attente : regardez maintenant, et arrêtez ou objectez si quelque chose ne va pas.
overview-goes = Décision
overview-warnings = { $n ->
    [one] { $n } avertissement sur le serveur :
   *[other] { $n } avertissements sur le serveur :
}
overview-warnings-short = { $n ->
    [one] { $n } avertissement
   *[other] { $n } avertissements
}
overview-warnings-explained = pièces proches du verrou de secours, coffre inutilisable, moins de deux canaux d'alarme indépendants, ou exposition en hausse : la personne qui gère le serveur voit lequel.
overview-unavailable = Le serveur n'accepte aucune commande en ce moment. La lecture fonctionne ; prévenez la personne qui le gère.
overview-no-commands = aucune commande acceptée
overview-rose = L'exposition a augmenté : on pourrait extorquer plus qu'avant.
overview-posture = La posture est relevée :
overview-stops = { $n ->
    [one] Un arrêt est en vigueur :
   *[other] { $n } arrêts sont en vigueur :
}
overview-stops-see = Voir les arrêts et la posture
overview-vaults = Coffres
overview-vaults-all = Tous les coffres
overview-exposure = Exposition
overview-one-home = Un domicile, 48 heures, et personne n'appelle à l'aide :
overview-at-most = au plus
overview-worst = Le pire : { $homes }
overview-unbounded = Rien ne borne ce qui pourrait être extorqué : un coffre n'a ni solde déclaré ni limite.
overview-exposure-see = Voir le calcul
overview-safety = Situation
overview-health = Serveur
overview-healthy = Aucun avertissement
overview-check-in = Votre prochain pointage
overview-check-in-late = jusqu'à { $span } de retard
overview-check-in-none = Aucun prévu : fixez des heures où votre absence se remarque
overview-first = Pour commencer
overview-first-explained = Il n'y a encore rien ici. De zéro à un premier coffre protégé, il faut une dizaine de minutes.
overview-first-go = Mettre en place, pas à pas
overview-first-practice = S'exercer avec ses trois mots
overview-first-policy = Lire les règles en vigueur
overview-first-me = Compléter sa fiche
