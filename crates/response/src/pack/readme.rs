//! What is in the pack and how to check it, for somebody who has never seen one.

use super::PACK_DOMAIN;
use crate::facts::{FACTS_DOMAIN, Facts, Status};

pub(super) fn text(facts: &Facts) -> String {
    let number = facts.incident.id;
    let (drill_en, drill_fr) = match facts.incident.status {
        Status::Actual => ("", ""),
        Status::Exercise => (
            "EXERCISE: nothing of this happened. It was made to practise.\n\n",
            "EXERCICE : rien de ceci n'a eu lieu. Établi pour s'exercer.\n\n",
        ),
    };
    let organisation = one_line(&facts.organisation);
    format!(
        "{drill_en}{drill_fr}POLICE PACK - INCIDENT {number} - {organisation}\n\
DOSSIER POUR LA POLICE - INCIDENT {number} - {organisation}\n\
\n\
ENGLISH\n\
\n\
Facts about a case of coercion, taken from a tamper-evident journal by the program Rempart.\n\
Start with index.en.html: it opens in any browser, without a network, and prints on A4.\n\
\n\
  index.en.html      the case, to read and print\n\
  index.fr.html      the same in French\n\
  timeline.csv       everything that happened, in order\n\
  attempts.csv       transfers that were asked for, with destination addresses\n\
  transactions.csv   transactions that were signed, one row for each output\n\
  facts.json         the same facts for programs, with whole transactions where public\n\
  personal.json      only if present: names, addresses, telephones, vehicles,\n\
                     added by hand by the responder who made this pack\n\
  manifest.json      names, sizes and hashes of the files; manifest.sig signs it\n\
  SHA256SUMS         the hashes again, for usual tools\n\
\n\
People are named by pseudonyms. Times end in Z for UTC; the pages show local time.\n\
Tables are UTF-8, separated by commas. A cell that begins with ' was made text on purpose.\n\
\n\
To check that nothing was altered or damaged:   sha256sum -c SHA256SUMS\n\
To check who made it (program `rempart`):       rempart alarm pack-verify . --key KEY\n\
KEY is the server's public key; ask the organisation for it by another way than this pack.\n\
Without `rempart`: manifest.sig is Ed25519 (hexadecimal) by the key in manifest.json\n\
under packed_by, over the SHA-256 of: 8-byte big-endian length and text of the\n\
domain \"{PACK_DOMAIN}\", then 8-byte big-endian length and bytes of\n\
manifest.json. The server's signature over facts.json, with the domain\n\
\"{FACTS_DOMAIN}\", is made alike and stands in manifest.json under facts.\n\
\n\
Treat it as confidential: lives may depend on it. No medical data and no code words are in it.\n\
\n\
FRANÇAIS\n\
\n\
Faits relatifs à une affaire de contrainte, tirés par le programme Rempart d'un journal\n\
dont toute altération se voit. Commencez par index.fr.html : il s'ouvre dans tout\n\
navigateur, sans réseau, et s'imprime en A4.\n\
\n\
  index.fr.html      l'affaire, à lire et à imprimer\n\
  index.en.html      la même en anglais\n\
  timeline.csv       tout ce qui s'est passé, dans l'ordre\n\
  attempts.csv       transferts demandés, avec adresses de destination\n\
  transactions.csv   transactions signées, une ligne par sortie\n\
  facts.json         les mêmes faits pour des programmes, avec les transactions\n\
                     entières quand elles sont publiques\n\
  personal.json      seulement si présent : noms, adresses, téléphones, véhicules,\n\
                     ajoutés à la main par l'intervenant qui a établi ce dossier\n\
  manifest.json      noms, tailles et empreintes des fichiers ; manifest.sig le signe\n\
  SHA256SUMS         les empreintes encore, pour les outils usuels\n\
\n\
Les personnes sont désignées par des pseudonymes. Les heures finissant par Z sont en\n\
UTC ; les pages affichent l'heure locale. Les tableaux sont en UTF-8, séparés par des\n\
virgules. Une cellule commençant par ' a été rendue texte à dessein.\n\
\n\
Vérifier que rien n'a été altéré ni abîmé :       sha256sum -c SHA256SUMS\n\
Vérifier qui l'a établi (programme `rempart`) :   rempart alarm pack-verify . --key CLÉ\n\
CLÉ est la clé publique du serveur ; demandez-la à l'organisation par une autre voie que\n\
ce dossier. Sans `rempart` : manifest.sig est une signature Ed25519 (hexadécimale) par la\n\
clé de packed_by dans manifest.json, sur le SHA-256 de : longueur sur 8 octets gros-boutistes\n\
et texte du domaine « {PACK_DOMAIN} », puis longueur sur 8 octets et\n\
octets de manifest.json. La signature du serveur sur facts.json, avec le domaine\n\
« {FACTS_DOMAIN} », est faite de même et figure dans\n\
manifest.json sous facts.\n\
\n\
À traiter comme confidentiel : des vies peuvent en dépendre. Il n'y a ici ni données médicales ni\n\
mots convenus.\n"
    )
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
