// What scripts say, in English and French. The language is the page's own.
const TEXTS = {
  "three-words": ["Type three words from the list.", "Tapez trois mots de la liste."],
  "look-at-picture": ["Look at the picture: is it yours?", "Regardez l'image : est-ce la vôtre ?"],
  "no-picture": ["No picture yet", "Pas encore d'image"],
  "word-unknown": ["Word {0} is not on the list.", "Le mot {0} n'est pas dans la liste."],
  "mixed-lists": ["Word {0} is of the other language's list.", "Le mot {0} est de la liste de l'autre langue."],
  "word-count": ["A phrase has three words.", "Une phrase a trois mots."],
  "too-long": ["That is too long to be a phrase.", "C'est trop long pour être une phrase."],
  "not-yet-words": ["Enter three words of the list first.", "Entrez d'abord trois mots de la liste."],

  "practice-own": ["Right. With your own words, this is how an ordinary day goes.", "C'est juste. Avec vos propres mots, voilà un jour ordinaire."],
  "practice-slip": [
    "Those are not the made-up words. With real ones this would have been a slip: the picture would have shown it before you sent it. Try again.",
    "Ce ne sont pas les mots inventés. Avec les vrais, c'était une erreur : l'image l'aurait montrée avant l'envoi. Réessayez.",
  ],
  "practice-same": [
    "Those are the made-up words again: to call for help, enter any others.",
    "Ce sont encore les mots inventés : pour appeler à l'aide, entrez-en d'autres.",
  ],
  "practice-all": ["Done: that is all it takes.", "C'est fait : il n'en faut pas plus."],
  "practice-some": [
    "Done. Even with one word changed it works; three others are easier under stress.",
    "C'est fait. Un seul mot changé suffit ; trois autres sont plus faciles sous la menace.",
  ],

  "name-first": ["Enter your name first.", "Entrez d'abord votre nom."],
  "working": ["One moment…", "Un instant…"],
  "device-refused": [
    "Your device gave no passkey. Nothing was sent: try again.",
    "Votre appareil n'a pas donné de clé d'accès. Rien n'a été envoyé : réessayez.",
  ],
  "device-known": [
    "This device has a passkey for you already. Use another device or a security key.",
    "Cet appareil a déjà une clé d'accès pour vous. Prenez un autre appareil ou une clé de sécurité.",
  ],
  "no-connection": ["The server cannot be reached. Try again.", "Le serveur est injoignable. Réessayez."],
  "altered": [
    "The server shows something else than what would be approved. Do not approve; tell your security team.",
    "Le serveur montre autre chose que ce qui serait approuvé. N'approuvez pas ; prévenez votre sécurité.",
  ],
  "signed-in-as": ["Signed in as {0}", "Connecté : {0}"],
  "signed-out": ["Signed out.", "Déconnecté."],
  "nothing-waits": ["Nothing waits.", "Rien n'attend."],
  "approved": ["Approved. It is durable.", "Approuvé. C'est enregistré."],
  "look": ["Look at it and approve", "Voir et approuver"],
  "yours": ["You submitted it.", "Vous l'avez soumis."],
  "approved-by-you": ["You approved it.", "Vous l'avez approuvé."],
  "stopped": ["A stop reaches it.", "Un arrêt le concerne."],
  "from-vault": ["From", "De"],
  "to": ["To", "À"],
  "amount": ["Amount", "Montant"],
  "max-fee": ["Fee at most", "Frais au plus"],
  "memo": ["Note", "Note"],
  "reference": ["Reference", "Référence"],
  "initiator": ["Submitted by", "Soumis par"],
  "refresh": ["Kind", "Genre"],
  "refreshes": ["renews the vault's own outputs", "renouvelle les sorties du coffre"],
  "vault": ["vault", "coffre"],
  "waits": ["Waits", "Attend"],
  "for-approvals": ["for approvals", "des approbations"],
  "until": ["until {0}", "jusqu'au {0}"],
  "payload": ["Exactly what is approved", "Exactement ce qui est approuvé"],
  "typed-wrong": [
    "That is not what was shown. Your old words still work: try to remember, or end this and ask for new words later.",
    "Ce n'est pas ce qui était affiché. Vos anciens mots restent valables : cherchez encore, ou arrêtez et demandez de nouveaux mots plus tard.",
  ],
  "device-proposed": [
    "Proposed. The passkey can be used once others have agreed and the wait is over.",
    "Proposé. La clé d'accès servira quand d'autres auront accepté et que l'attente sera passée.",
  ],
};

/** A text in the page's language; `{0}` and so on stand for what is given. */
export function text(key, ...values) {
  const [english, french] = TEXTS[key] ?? [key, key];
  const picked = document.documentElement.lang === "fr" ? french : english;
  return values.reduce((whole, value, at) => whole.replace(`{${at}}`, () => value), picked);
}

/** Puts a text into a status line; `kind` is `good`, `bad` or nothing. */
export function say(element, words, kind = "") {
  element.textContent = words;
  element.classList.toggle("good", kind === "good");
  element.classList.toggle("bad", kind === "bad");
}
