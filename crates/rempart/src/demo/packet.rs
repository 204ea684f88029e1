//! The dossier of the one who will be held: sealed to the responders before anything happens, opened by one of them afterwards (G9).
//!
//! Sealed once for both stages, because age draws its own randomness and both stages are to be the same to the last byte.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use api::DossierForResponder;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dossier::{Binding, Expected, Keys, NewIdentity, NoPrompt, Packet, Prompt};
use policy::{Recipient, readers_hash};
use response::pack::PersonData;
use types::{Hash, PersonId, Timestamp};

/// A fictional person; the numbers are among those that France keeps for films.
const FILLED_IN: &str = r#"
name = "Omar Exemple"
appearance = "1.82 m, black beard, glasses"
police = "I hold one of three keys of the company's treasury. I cannot move large sums alone."

[words]
all_clear = "the lilac is late this year"
distress = "I still have to water the ferns"

[medical]
conditions = "type 1 diabetes"
medicines = "insulin; six hours without it are dangerous"

[[telephone]]
what = "mobile"
number = "+33 6 39 98 00 41"

[[address]]
what = "home"
lines = "7 rue de l'Exemple, 75000 Paris"
access = "2nd floor right; the caretaker has a key"
"#;
/// The organisation among the examples.
const ORGANISATION: &str = "Atelier Nuage SAS";

/// The sealed dossier, and the key of the responder who will open it.
pub struct SealedPacket {
    identity: NewIdentity,
    recipient: Recipient,
    person: PersonId,
    sealed: Vec<u8>,
}

impl SealedPacket {
    /// Fills in and seals to a key made for the demo.
    pub fn seal(person: &str, at: Timestamp) -> Result<Self> {
        let identity = NewIdentity::generate();
        let recipient = identity.recipient()?;
        let person = PersonId::parse(person)?;
        let binding = Binding {
            organisation: ORGANISATION.to_owned(),
            person: person.clone(),
            revision: 1,
            sealed_at: at,
        };
        let packet = Packet::parse(FILLED_IN)?;
        let recipients = std::slice::from_ref(&recipient);
        let sealed = dossier::seal(&packet, &binding, recipients, &nobody())?;
        Ok(Self { identity, recipient, person, sealed })
    }

    /// For the register.
    pub const fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// To whom it is sealed, as the server is told.
    pub fn readers(&self) -> Hash {
        readers_hash([&self.recipient])
    }

    /// The sealed bytes, as they travel.
    pub fn text(&self) -> String {
        BASE64.encode(&self.sealed)
    }

    /// Opens what the server gave, which must be what was asked for.
    pub fn open(&self, given: &DossierForResponder) -> Result<Packet> {
        let packet = given.packets.first().context("the server gave no dossier")?;
        let keys = Keys::read(self.identity.plain().as_bytes(), || None, &nobody())?;
        let opened = dossier::open(&BASE64.decode(&packet.sealed)?, &keys)?;
        let history = given.revisions.iter().find(|one| one.revision == packet.revision);
        let expected = Expected {
            organisation: Some(given.organisation.clone()),
            person: self.person.clone(),
            revision: Some(packet.revision),
            kept_at: history.map(|one| one.kept_at),
        };
        let doubts = opened.binding.doubts(&expected);
        ensure!(doubts.is_empty(), "the dossier is not the one that was asked for");
        ensure!(history.is_some_and(|one| one.free), "the dossier was handed in under duress");
        Ok(opened.packet)
    }
}

/// What the police need of it: never medical data or code words.
pub fn for_the_police(person: &str, packet: &Packet) -> Result<PersonData> {
    let lines = |one: &dossier::Address| one.lines.as_ref().map(|text| text.reveal().to_owned());
    let number = |one: &dossier::Telephone| one.number.as_ref().map(|text| text.reveal().to_owned());
    Ok(PersonData {
        person: PersonId::parse(person)?,
        name: Some(packet.name.reveal().to_owned()),
        addresses: packet.address.iter().filter_map(lines).collect(),
        telephones: packet.telephone.iter().filter_map(number).collect(),
        vehicles: Vec::new(),
    })
}

fn nobody() -> Arc<dyn Prompt> {
    Arc::new(NoPrompt)
}
