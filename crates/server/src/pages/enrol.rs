//! `/enrol`: the person's own part of an enrolment: the code that was handed over, a passkey of their device, and their phrase, once.
//!
//! Called by the router. What it gives is something that colleagues propose and endorse; nothing is in force by itself (G4).

use maud::html;

use super::ceremony;
use super::shell::{Asked, Form, Page, Shell};

/// The page.
pub async fn show(asked: Asked) -> Page {
    let title = asked.pick("Enrolment", "Inscription");
    let shell = Shell { path: "/enrol", title, scripts: &["/assets/enrol.js"], form: Form::None };
    shell.page(&asked, html! {
        section.card id="begin" {
            p { (asked.pick("A colleague has given you a code, in person. Your device will make a passkey; then your three words are shown, once.",
                "Un collègue vous a remis un code, en personne. Votre appareil créera une clé d'accès ; puis vos trois mots seront affichés, une fois.")) }
            (text_field(asked.pick("Your name here", "Votre nom ici"), "by"))
            (text_field(asked.pick("The code", "Le code"), "code"))
            (ceremony::list_choice(&asked, "list"))
            (ceremony::alone(&asked, "alone"))
            p.status role="status" {}
            div.row { button type="button" id="enrol" disabled { (asked.pick("Make my passkey and show my words", "Créer ma clé d'accès et montrer mes mots")) } }
        }
        (ceremony::steps(&asked))
        p { a href=(asked.link("/entry")) { (asked.pick("Back to sign-in", "Retour à la connexion")) } }
    })
}

fn text_field(label: &str, id: &str) -> maud::Markup {
    html! {
        label { (label)
            input type="text" id=(id) autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other"; }
    }
}
