//! `/entry`: sign in with a passkey and the three words, see what waits, approve exactly what is shown, ask for another phrase or a further
//! passkey.
//!
//! Called by the router. The page is empty of anything personal until its script has a token, which lives in a variable of that script (G9).
//! What is approved is what is shown: the script hashes the payload that it shows (G1).

use maud::{Markup, html};

use super::ceremony;
use super::field::phrase_field;
use super::shell::{Asked, Form, Page, Shell};

/// The page.
pub async fn show(asked: Asked) -> Page {
    let title = asked.pick("Entry", "Accès");
    let shell = Shell { path: "/entry", title, scripts: &["/assets/entry.js"], form: Form::None };
    shell.page(&asked, html! {
        noscript { p.warn { (asked.pick("This page needs JavaScript: your device signs what you see.", "Cette page a besoin de JavaScript : votre appareil signe ce que vous voyez.")) } }
        (sign_in(&asked)) (inside(&asked)) (approve(&asked)) (another_phrase(&asked)) (further_passkey(&asked))
        (ceremony::steps(&asked))
    })
}

fn sign_in(asked: &Asked) -> Markup {
    html! {
        section.card id="sign-in" {
            h2 tabindex="-1" { (asked.pick("Sign in", "Connexion")) }
            label { (asked.pick("Your name here", "Votre nom ici"))
                input type="text" id="by" autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other"; }
            (phrase_field(asked, "sign-in-words", asked.pick("Your three words", "Vos trois mots")))
            p.status role="status" {}
            div.row { button type="button" id="enter" { (asked.pick("Sign in with my device", "Me connecter avec mon appareil")) } }
            p.links {
                a href=(asked.link("/practice")) { (asked.pick("Practice, without your real words", "S'exercer, sans ses vrais mots")) }
                a href=(asked.link("/enrol")) { (asked.pick("I have an enrolment code", "J'ai un code d'inscription")) }
            }
        }
    }
}

fn inside(asked: &Asked) -> Markup {
    html! {
        section id="inside" hidden {
            h2 tabindex="-1" id="who" {}
            p.status role="status" {}
            h2 { (asked.pick("What waits", "Ce qui attend")) }
            ul.list id="transfers" {}
            div.row {
                button.quiet type="button" id="again" { (asked.pick("Look again", "Actualiser")) }
                button.quiet type="button" data-go="another-phrase" { (asked.pick("Another phrase", "Changer de phrase")) }
                button.quiet type="button" data-go="further-passkey" { (asked.pick("A further passkey", "Ajouter une clé d'accès")) }
                button.quiet type="button" id="leave" { (asked.pick("Sign out", "Se déconnecter")) }
            }
        }
    }
}

fn approve(asked: &Asked) -> Markup {
    html! {
        section.card id="approve" hidden {
            h2 tabindex="-1" { (asked.pick("Approve exactly this", "Approuver exactement ceci")) }
            div id="payload" {}
            (phrase_field(asked, "approve-words", asked.pick("Your three words", "Vos trois mots")))
            p.status role="status" {}
            div.row {
                button type="button" id="approve-this" { (asked.pick("Approve with my device", "Approuver avec mon appareil")) }
                button.quiet type="button" data-go="inside" { (asked.pick("Back", "Retour")) }
            }
        }
    }
}

fn another_phrase(asked: &Asked) -> Markup {
    html! {
        section.card id="another-phrase" hidden {
            h2 tabindex="-1" { (asked.pick("Another phrase", "Changer de phrase")) }
            (ceremony::alone(asked, "alone"))
            (ceremony::list_choice(asked, "list"))
            (phrase_field(asked, "old-words", asked.pick("Your words of today", "Vos mots d'aujourd'hui")))
            p.status role="status" {}
            div.row {
                button type="button" id="draw" disabled { (asked.pick("Show me new words, once", "Me montrer de nouveaux mots, une fois")) }
                button.quiet type="button" data-go="inside" { (asked.pick("Back", "Retour")) }
            }
        }
    }
}

fn further_passkey(asked: &Asked) -> Markup {
    html! {
        section.card id="further-passkey" hidden {
            h2 tabindex="-1" { (asked.pick("A further passkey", "Ajouter une clé d'accès")) }
            p { (asked.pick("First this device, or a security key that you connect, makes the passkey; then you confirm with one that you already use. Colleagues must agree before it works.",
                "D'abord cet appareil, ou une clé de sécurité que vous branchez, crée la clé d'accès ; puis vous confirmez avec une que vous utilisez déjà. Des collègues doivent accepter avant qu'elle serve.")) }
            (phrase_field(asked, "device-words", asked.pick("Your three words", "Vos trois mots")))
            p.status role="status" {}
            div.row {
                button type="button" id="make" { (asked.pick("Make a passkey", "Créer une clé d'accès")) }
                button.quiet type="button" data-go="inside" { (asked.pick("Back", "Retour")) }
            }
        }
    }
}
