//! The backup sheet: one self-contained page to print, from which a stranger recovers the vault with other people's tools (G10).
//!
//! No secrets, no scripts, nothing fetched. Called by `vault create` and `vault sheet`.

use std::fmt::Write;

use anyhow::{Context, Result};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use vault::{Branch, VaultDescriptor};

use crate::language::{Language, pick};
use crate::vault_command::record::{VaultRecord, key_code};
use crate::vault_command::{BLOCKS_PER_DAY, kind_text, path_text};

const STYLE: &str = include_str!("sheet.css");
/// The most bytes in one QR code: a telephone still reads it from paper.
const QR_BYTES_MAX: usize = 1_200;
/// Enough to see that a wallet was restored right.
const ADDRESSES: u32 = 3;

/// The sheet as HTML.
pub fn render(record: &VaultRecord, descriptor: &VaultDescriptor, language: Language) -> Result<String> {
    let mut page = String::new();
    head(&mut page, record, language)?;
    facts(&mut page, record, descriptor, language)?;
    descriptor_part(&mut page, descriptor, language)?;
    keys(&mut page, record, language)?;
    recovery(&mut page, record, language)?;
    by_hand(&mut page, record, language)?;
    let version = env!("CARGO_PKG_VERSION");
    let made = record.made_at.to_string();
    let foot = pick(language, "Made by Rempart", "Établi par Rempart");
    writeln!(page, "<footer>{foot} {version}, {}.</footer>\n</body>\n</html>", day(&made))?;
    Ok(page)
}

fn head(page: &mut String, record: &VaultRecord, language: Language) -> Result<()> {
    let (lang, title) = match language {
        Language::En => ("en", format!("Backup sheet of vault {}", record.vault.id)),
        Language::Fr => ("fr", format!("Feuille de sauvegarde du coffre {}", record.vault.id)),
    };
    writeln!(
        page,
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    )?;
    let nature = pick(
        language,
        "No secret key is on this sheet, but whoever reads it sees every balance and payment of the vault. Without it, no number of keys brings the money back. Keep several copies in different places, none in anybody's home.",
        "Cette feuille ne porte aucune clé secrète, mais qui la lit voit tous les soldes et paiements du coffre. Sans elle, aucun nombre de clés ne rend l'argent. Gardez-en plusieurs exemplaires en des lieux différents, aucun au domicile de quelqu'un.",
    );
    writeln!(page, "<p>{nature}</p>")?;
    if !record.is_complete() {
        let text = pick(
            language,
            "DRAFT: not every key was checked with its owner and confirmed on its device. Do not pay into this vault yet.",
            "BROUILLON : toutes les clés n'ont pas été vérifiées avec leur détenteur et confirmées sur son appareil. N'alimentez pas encore ce coffre.",
        );
        writeln!(page, "<p class=\"warning\">{text}</p>")?;
    }
    Ok(())
}

fn facts(
    page: &mut String,
    record: &VaultRecord,
    descriptor: &VaultDescriptor,
    language: Language,
) -> Result<()> {
    let say = |english, french| pick(language, english, french);
    let spec = &record.vault;
    let (least, all, recover, of) =
        (spec.at_least, spec.members.len(), spec.recovery.at_least, spec.recovery.members.len());
    let (blocks, days) = (spec.recovery.after_blocks, spec.recovery.after_blocks / BLOCKS_PER_DAY);
    let spending = match language {
        Language::En => format!("{least} of {all} members, always with the co-signer"),
        Language::Fr => format!("{least} membres sur {all}, toujours avec le cosignataire"),
    };
    let leaving = match language {
        Language::En => format!(
            "{recover} of {of}, without the co-signer, {blocks} blocks (about {days} days) after a coin was confirmed"
        ),
        Language::Fr => format!(
            "{recover} sur {of}, sans le cosignataire, {blocks} blocs (environ {days} jours) après la confirmation d'une pièce"
        ),
    };
    let made = record.made_at.to_string();
    let birth = match record.birth_height {
        Some(height) => format!("{} {height}", say("block", "bloc")),
        None => format!("{} {}", say("the blocks since", "les blocs depuis le"), day(&made)),
    };
    writeln!(page, "<section>\n<h2>{}</h2>\n<dl>", say("What it is", "Ce que c'est"))?;
    let rows = [
        (say("Network", "Réseau"), spec.network.to_string()),
        (say("Script", "Script"), kind_text(spec.script).to_owned()),
        (say("Spending", "Dépense"), spending),
        (say("Recovery", "Récupération"), leaving),
        (say("Made on", "Établi le"), day(&made).to_owned()),
        (say("Look for coins from", "Chercher les pièces depuis"), birth),
    ];
    for (name, value) in rows {
        writeln!(page, "<dt>{name}</dt><dd>{}</dd>", escaped(&value))?;
    }
    for index in 0..ADDRESSES {
        let name = format!("{} {index}", say("Receive address", "Adresse de réception"));
        let address = descriptor.address(Branch::Receive, index)?;
        writeln!(page, "<dt>{name}</dt><dd><code>{address}</code></dd>")?;
    }
    writeln!(page, "</dl>\n</section>")?;
    Ok(())
}

fn descriptor_part(page: &mut String, descriptor: &VaultDescriptor, language: Language) -> Result<()> {
    let title = pick(
        language,
        "Descriptor (BIP-389, with checksum)",
        "Descripteur (BIP-389, avec somme de contrôle)",
    );
    let text = descriptor.text();
    writeln!(page, "<h2>{title}</h2>\n<div class=\"descriptor mono\">{}</div>", escaped(text))?;
    let parts: Vec<&[u8]> = text.as_bytes().chunks(QR_BYTES_MAX).collect();
    writeln!(page, "<div class=\"codes\">")?;
    for (number, part) in parts.iter().enumerate() {
        let code = QrCode::with_error_correction_level(part, EcLevel::L)
            .context("the descriptor fits no QR code")?;
        let image = code.render::<svg::Color<'_>>().quiet_zone(true).min_dimensions(320, 320).build();
        let image = image.strip_prefix("<?xml version=\"1.0\" standalone=\"yes\"?>").unwrap_or(&image);
        let caption = match (parts.len(), language) {
            (1, Language::En) => "the descriptor".to_owned(),
            (1, Language::Fr) => "le descripteur".to_owned(),
            (count, Language::En) => {
                format!("part {} of {count}: put their texts one after the other", number + 1)
            }
            (count, Language::Fr) => {
                format!("partie {} sur {count} : mettez les textes bout à bout", number + 1)
            }
        };
        writeln!(page, "<figure>{image}<figcaption>{caption}</figcaption></figure>")?;
    }
    writeln!(page, "</div>")?;
    Ok(())
}

fn keys(page: &mut String, record: &VaultRecord, language: Language) -> Result<()> {
    let say = |english, french| pick(language, english, french);
    writeln!(page, "<section>\n<h2>{}</h2>\n<table class=\"keys\"><thead><tr>", say("Keys", "Clés"))?;
    let heads = [
        say("key", "clé"),
        say("fingerprint, path", "empreinte, chemin"),
        say("code", "code"),
        say("use", "usage"),
        say("checked · device", "vérifiée · appareil"),
    ];
    heads.iter().try_for_each(|head| write!(page, "<th>{head}</th>"))?;
    writeln!(page, "</tr></thead><tbody>")?;
    for key in record.keys() {
        let parsed = record.parse(key.text)?;
        let usage = match (key.spends, key.recovers) {
            (true, true) => say("spends, recovers", "dépense, récupère"),
            (true, false) => say("spends", "dépense"),
            _ => say("recovers", "récupère"),
        };
        let yes = |it: bool| if it { say("yes", "oui") } else { say("NO", "NON") };
        let state = format!(
            "{} · {}",
            yes(record.checked.contains(key.id)),
            yes(record.confirmed.contains_key(key.id))
        );
        let state =
            format!("<td data-label=\"{}\">{state}</td>", say("checked · device", "vérifiée · appareil"));
        row(page, key.id.as_str(), &parsed, usage, &state)?;
    }
    let cosigner = record.parse(&record.vault.cosigner)?;
    row(
        page,
        say("co-signer", "cosignataire"),
        &cosigner,
        say("spends, with members", "dépense, avec les membres"),
        "<td></td>",
    )?;
    writeln!(page, "</tbody></table>\n</section>")?;
    Ok(())
}

fn row(page: &mut String, name: &str, key: &vault::VaultKey, usage: &str, state: &str) -> Result<()> {
    let (fingerprint, path, code) = (key.fingerprint(), path_text(key), key_code(key));
    writeln!(
        page,
        "<tr><td><b>{}</b></td><td class=\"mono\">{fingerprint} {path}</td><td class=\"mono\">{code}</td><td>{usage}</td>{state}</tr>",
        escaped(name)
    )?;
    Ok(())
}

fn recovery(page: &mut String, record: &VaultRecord, language: Language) -> Result<()> {
    let (blocks, least) = (record.vault.recovery.after_blocks, record.vault.recovery.at_least);
    let title = pick(language, "To recover without Rempart", "Pour récupérer sans Rempart");
    let steps = match language {
        Language::En => [
            "Take any node of Bitcoin Core 28 or later. The page docs/recover.md of Rempart has every command; these are the steps.".to_owned(),
            "Find the coins: <code>scantxoutset start</code> with the descriptor above, <code>&lt;0;1&gt;</code> and <code>&lt;2;3&gt;</code> as they are.".to_owned(),
            format!("Wait until each coin has {blocks} confirmations. Before that the network refuses: <code>non-BIP68-final</code>."),
            format!("Make a transaction (<code>createpsbt</code>) in which every input has the sequence <b>{blocks}</b>, then <code>utxoupdatepsbt</code> with the descriptor."),
            format!("{least} of the recovery keys sign it, each on its own device or with <code>descriptorprocesspsbt</code>; then <code>finalizepsbt</code> and <code>sendrawtransaction</code>."),
        ],
        Language::Fr => [
            "Prenez un nœud Bitcoin Core 28 ou plus récent. La page docs/recover.fr.md de Rempart donne chaque commande ; voici les étapes.".to_owned(),
            "Trouvez les pièces : <code>scantxoutset start</code> avec le descripteur ci-dessus, <code>&lt;0;1&gt;</code> et <code>&lt;2;3&gt;</code> tels quels.".to_owned(),
            format!("Attendez que chaque pièce ait {blocks} confirmations. Avant, le réseau refuse : <code>non-BIP68-final</code>."),
            format!("Faites une transaction (<code>createpsbt</code>) où chaque entrée a la séquence <b>{blocks}</b>, puis <code>utxoupdatepsbt</code> avec le descripteur."),
            format!("{least} des clés de récupération la signent, chacune sur son appareil ou avec <code>descriptorprocesspsbt</code> ; puis <code>finalizepsbt</code> et <code>sendrawtransaction</code>."),
        ],
    };
    writeln!(page, "<section>\n<h2>{title}</h2>\n<ol>")?;
    steps.iter().try_for_each(|step| writeln!(page, "<li>{step}</li>"))?;
    writeln!(page, "</ol>\n</section>")?;
    Ok(())
}

/// Lines for ink: who compared what, and where the copies are.
fn by_hand(page: &mut String, record: &VaultRecord, language: Language) -> Result<()> {
    let say = |english, french| pick(language, english, french);
    writeln!(page, "<section>\n<h2>{}</h2>", say("By hand", "À la main"))?;
    writeln!(
        page,
        "<p>{}</p>\n<table class=\"hand\"><tbody>",
        say(
            "I have seen the first address on my own device, and my code is the one above. Date, signature:",
            "J'ai vu la première adresse sur mon propre appareil, et mon code est celui ci-dessus. Date, signature :",
        )
    )?;
    for key in record.keys() {
        writeln!(page, "<tr><td>{}</td></tr>", key.id)?;
    }
    let copies = say("Copies of this sheet are kept at:", "Des exemplaires de cette feuille sont gardés à :");
    writeln!(page, "<tr><td>{copies}</td></tr>\n</tbody></table>\n</section>")?;
    Ok(())
}

fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escaped("<0;1>/*\"&"), "&lt;0;1&gt;/*&quot;&amp;");
    }
}
