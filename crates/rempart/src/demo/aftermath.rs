//! How the demo tells what responders did after the coerced story, in English or French. Prints only what happened.

use std::path::Path;

use anyhow::{Context, Result};
use dossier::Packet;
use response::DrillReport;
use serde_json::{Value, json};
use types::PersonId;

use crate::alarm_command::spoken;
use crate::demo::drill::practise;
use crate::demo::inbox::Mail;
use crate::demo::packet::SealedPacket;
use crate::demo::responders::{FIRST, Responders, Response};
use crate::demo::stage::{MAIL, Stage, mail_address};
use crate::demo::telling::{Heard, Story, when};
use crate::language::{Language, pick};

/// Everything after the decision.
pub struct Aftermath {
    heard: Vec<Heard>,
    mail: Mail,
    response: Response,
    report: DrillReport,
}

/// Lets the responders of the coerced stage act, then practise. Blocks.
pub fn play(stage: &Stage, story: &Story, sealed: &SealedPacket, folder: &Path) -> Result<Aftermath> {
    let to = mail_address(FIRST);
    let mails = stage.mails();
    let mail = mails.iter().find(|mail| mail.to == to).cloned().context("the first responder has no mail")?;
    let mut responders = Responders::new(stage);
    let response = responders.respond(sealed, folder)?;
    let report = practise(&mut responders)?;
    Ok(Aftermath { heard: story.heard.clone(), mail, response, report })
}

impl Aftermath {
    /// Whether nothing of it can be seen by those who are no responders.
    pub const fn is_unseen(&self) -> bool {
        self.response.overt_added == self.response.sign_ins && self.response.colleague == 404
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let channels: Vec<Value> = self
            .heard
            .iter()
            .map(|one| json!({ "channel": one.channel, "milliseconds": one.milliseconds }))
            .collect();
        let Response { incident, taken, packet, manifest, cleared, closed, .. } = &self.response;
        let taken: Vec<&str> = taken.iter().map(|(who, _)| who.as_str()).collect();
        let drill = self.report.drills.last();
        json!({
            "channels": channels,
            "mail": self.mail.text,
            "incident": incident,
            "acknowledged": taken,
            "answered": self.response.answered,
            "dossier": { "name": packet.name.reveal(), "address": address(packet) },
            "pack": { "facts": manifest.facts.digest, "files": self.files() },
            "cleared": cleared,
            "closed": closed,
            "unseen": self.is_unseen(),
            "drill": { "handed_over": drill.map(|it| it.devices.len()), "two_places": drill.and_then(|it| it.two_places) },
        })
    }

    /// For people.
    pub fn tell(&self, language: Language, ends: bool) -> String {
        let mut lines = self.alarm(language);
        lines.extend(self.mail(language));
        lines.extend(self.charge(language));
        lines.extend(self.dossier(language));
        lines.extend(self.pack(language, ends));
        lines.extend(self.clear(language));
        lines.push(String::new());
        lines.push(title(pick(
            language,
            "AND A DRILL, by the same path",
            "ET UN EXERCICE, par le même chemin",
        )));
        lines.extend(self.report.text(spoken(language)).lines().map(|line| format!("  {line}")));
        lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    fn files(&self) -> Vec<&str> {
        self.response.manifest.files.iter().map(|file| file.path.as_str()).collect()
    }

    fn alarm(&self, language: Language) -> Vec<String> {
        let mut lines = vec![
            title(pick(
                language,
                "THE RESPONDERS' SIDE of the coerced story",
                "DU CÔTÉ DES INTERVENANTS, dans l'histoire contrainte",
            )),
            pick(
                language,
                "Times of day are the simulated clock's; milliseconds are real.",
                "Les heures sont celles de l'horloge simulée ; les millisecondes sont réelles.",
            )
            .to_owned(),
            String::new(),
            pick(
                language,
                "omar's panic phrase was heard, on two loopback servers, within (from the moment he sent it):",
                "La phrase de panique d'omar a été entendue, sur deux serveurs locaux, en moins de (depuis son envoi) :",
            )
            .to_owned(),
        ];
        lines.extend(self.heard.iter().map(|one| {
            let kind = if one.channel == MAIL {
                pick(language, "mail (SMTP)", "courriel (SMTP)")
            } else {
                pick(language, "signed webhook", "webhook signé")
            };
            format!("  {:>5} ms  {:<14} {kind}", one.milliseconds, one.channel)
        }));
        lines.push(
            pick(
                language,
                "Nobody answers here for two simulated days, so that both screens can be compared to the end. They pass in a few real\n\
                 seconds, in which a receiver that has just heard is not called again; in life, calls go on until two homes answer.",
                "Ici, personne ne répond pendant deux jours simulés, pour que les deux écrans se comparent jusqu'au bout. Ils passent en\n\
                 quelques secondes réelles, pendant lesquelles qui vient d'entendre n'est pas rappelé ; en vrai, les appels continuent\n\
                 jusqu'à ce que deux foyers répondent.",
            )
            .to_owned(),
        );
        lines
    }

    fn mail(&self, language: Language) -> Vec<String> {
        let head =
            pick(language, "The first mail, as vera reads it:", "Le premier courriel, tel que vera le lit :");
        let mut lines = vec![String::new(), head.to_owned()];
        lines.extend(self.mail.text.trim_end().lines().map(|line| format!("  │ {line}")));
        lines
    }

    fn charge(&self, language: Language) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (who, at) in &self.response.taken {
            let words = pick(language, "takes charge, from home", "prend en charge, depuis son domicile");
            lines.push(format!("{}  {who} {words}", when(*at)));
        }
        let at = when(self.response.answered);
        let words = pick(
            language,
            "two different homes have answered: the calls end",
            "deux foyers différents ont répondu : les appels cessent",
        );
        lines.push(format!("{at}  {words}"));
        lines
    }

    fn dossier(&self, language: Language) -> Vec<String> {
        let packet = &self.response.packet;
        let head = pick(
            language,
            "vera opens omar's dossier on her machine; the server kept it sealed and has no key to it:",
            "vera ouvre le dossier d'omar sur sa machine ; le serveur l'a gardé scellé et n'en a pas la clé :",
        );
        let telephone =
            packet.telephone.iter().filter_map(|one| one.number.as_ref()).map(|it| it.reveal().to_owned());
        let known = std::iter::once(packet.name.reveal().to_owned()).chain(address(packet)).chain(telephone);
        let mut lines = vec![String::new(), head.to_owned()];
        lines.extend(known.map(|text| format!("  {text}")));
        lines
    }

    fn pack(&self, language: Language, ends: bool) -> Vec<String> {
        let head = pick(
            language,
            "The pack for the police, signed by the server and by vera's device, read back and verified:",
            "Le dossier pour la police, signé par le serveur et par l'appareil de vera, relu et vérifié :",
        );
        let gone = if ends {
            pick(language, " (removed when the demo ends)", " (supprimé à la fin de la démo)")
        } else {
            ""
        };
        let folder = format!("  {}{gone}", self.response.folder.display());
        vec![String::new(), head.to_owned(), folder, format!("  {}", self.files().join("  "))]
    }

    fn clear(&self, language: Language) -> Vec<String> {
        let closed = when(self.response.closed);
        let by: Vec<&str> = self.response.cleared.iter().map(PersonId::as_str).collect();
        let by = by.join(pick(language, " and ", " et "));
        let (signals, incident) = (self.response.signals, self.response.incident);
        let hold = pick(
            language,
            "Each of them calls omar back, who is alone and gives the all-clear; each endorses the clear, which waits 24 hours.",
            "Chacun rappelle omar, qui est seul et dit que tout va bien ; chacun approuve la levée, qui attend 24 heures.",
        );
        let end = match language {
            Language::En => format!("{closed}  incident {incident} ({signals} signs) is closed, by {by}"),
            Language::Fr => format!("{closed}  l'incident {incident} ({signals} signes) est clos, par {by}"),
        };
        let (sign_ins, status) = (self.response.sign_ins, self.response.colleague);
        let unseen = match (self.is_unseen(), language) {
            (true, Language::En) => format!(
                "The overt ledger shows nothing of all this but sign-ins of {FIRST} ({sign_ins}), as on any other day;\n\
                 paula, who asks for incidents, gets HTTP {status}, as for any page that is not there."
            ),
            (true, Language::Fr) => format!(
                "Le registre ouvert n'en montre rien, sauf que {FIRST} s'est identifiée ({sign_ins}), comme tout autre jour ;\n\
                 paula, qui demande les incidents, obtient HTTP {status}, comme pour toute page qui n'existe pas."
            ),
            (false, Language::En) => "FAULT: the overt side shows something of this.".to_owned(),
            (false, Language::Fr) => "DÉFAUT : le côté ouvert en montre quelque chose.".to_owned(),
        };
        vec![String::new(), hold.to_owned(), end, unseen]
    }
}

fn title(text: &str) -> String {
    format!("── {text} ──")
}

fn address(packet: &Packet) -> Option<String> {
    packet.address.first().and_then(|one| one.lines.as_ref()).map(|lines| lines.reveal().to_owned())
}
