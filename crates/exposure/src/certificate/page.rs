//! A certificate for a web site: a page and a badge. Self-contained: no script, no request, nothing but what the statement says (G9).

use policy::Language;

use super::measure::Unit;
use super::words::{self, Words, horizon, taken};
use super::{CERTIFICATE_HORIZONS, CERTIFICATE_TAKEN_MAX, CertificatePublic, Statement};
use crate::figure::escape;
use crate::figure::svg::{Anchor, Svg};

const PAGE_STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#17211d;--soft:#55625c;--rule:#d9dfdb;--green:#0b5d45;--tint:#e7f2ed}\
@media(prefers-color-scheme:dark){:root{--paper:#101614;--card:#171f1c;--ink:#eaf0ed;--soft:#a3b0aa;--rule:#2e3a35;--green:#66d3ac;--tint:#17322a}}\
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#333;--rule:#bbb;--green:#064;--tint:#fff}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\
main{max-width:50rem;margin:0 auto;padding:2.5rem 1.1rem 3rem}\
.kind{color:var(--green);font-weight:700;margin:0}h1{font-size:clamp(1.75rem,6vw,2.7rem);line-height:1.15;margin:.3rem 0 .8rem}h2{font-size:1.2rem;margin:2.4rem 0 .5rem}\
.lead{font-size:1.12rem;margin:0 0 1.6rem}.big{background:var(--tint);border-left:6px solid var(--green);padding:1rem 1.2rem;margin:0 0 1.8rem}\
.big b{font-size:clamp(1.7rem,7vw,2.6rem);line-height:1.2;color:var(--green);display:block}.big span{display:block}\
table{width:100%;border-collapse:collapse;background:var(--card)}caption{text-align:left;font-weight:700;padding:0 0 .5rem}\
th,td{padding:.6rem .45rem;border:1px solid var(--rule);text-align:right;font-variant-numeric:tabular-nums}th[scope=row]{text-align:left;font-weight:600}thead th{color:var(--soft);font-weight:600}\
.soft{color:var(--soft);font-size:.95rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1.2rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\
code,pre{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:.86rem}pre{background:var(--card);border:1px solid var(--rule);padding:.8rem;margin:.6rem 0 1rem;white-space:pre-wrap;overflow-wrap:anywhere}\
summary{cursor:pointer;font-weight:600;padding:.4rem 0}summary:focus-visible{outline:3px solid var(--green)}\
@media(max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .7rem}table.amount thead{display:none}table.amount tr,table.amount th[scope=row]{display:block;border:0}\
table.amount td{display:flex;justify-content:space-between;border-width:0 0 1px}table.amount td::before{content:attr(data-for);color:var(--soft)}th,td{padding:.55rem .35rem;font-size:.95rem}}";

const BADGE_STYLE: &str = "\
.rempart-badge{color-scheme:light dark;--paper:#fff;--ink:#17211d;--soft:#55625c;--rule:#c9d2cd;--green:#0b5d45;font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;\
display:block;width:100%;height:auto;max-width:415px}\
@media(prefers-color-scheme:dark){.rempart-badge{--paper:#171f1c;--ink:#eaf0ed;--soft:#a3b0aa;--rule:#3a4842;--green:#66d3ac}}\
@media print{.rempart-badge{--paper:#fff;--ink:#000;--soft:#333;--rule:#888;--green:#064}}\
.rempart-badge .card{fill:var(--paper);stroke:var(--rule);stroke-width:1.5}.rempart-badge .wall{fill:none;stroke:var(--green);stroke-width:5;stroke-linejoin:round}\
.rempart-badge text{fill:var(--ink);font-size:15px}.rempart-badge .title{font-size:17px;font-weight:700}.rempart-badge .soft{fill:var(--soft);font-size:13.5px}.rempart-badge .strong{fill:var(--green);font-weight:700}";

impl Statement {
    /// The page, with the certificate in it.
    #[must_use]
    pub fn html(&self, certificate: &str, key: &CertificatePublic, language: Language) -> String {
        let words = words::of(language);
        let Words { lang, kind, title, lead, void, .. } = words;
        let (big, table) = (self.headline(language), self.table(words, language));
        let (facts, check) = (self.facts(words, key), check(words, certificate));
        let title_of_page = format!("{kind}: {title}");
        let includes = words.includes;
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title_of_page}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n<body>\n<main>\n\
             <p class=\"kind\">{kind}</p>\n<h1>{title}</h1>\n<p class=\"lead\">{lead}</p>\n{big}\n{table}\n<p class=\"soft\">{includes}</p>\n\
             {facts}\n<p>{void}</p>\n{check}\n</main>\n</body>\n</html>\n"
        )
    }

    fn headline(&self, language: Language) -> String {
        let Some((most, words)) = self.most_of_one(language) else { return String::new() };
        let words_used = words::of(language);
        let (at_most, of_what) = match self.unit() {
            Unit::Share => (words_used.at_most, words_used.of_what),
            Unit::Amount => (words_used.at_most, ""),
        };
        format!(
            "<p class=\"big\"><span>{at_most}</span><b>{}</b><span>{of_what} {}</span></p>",
            escape(&most),
            escape(&words)
        )
    }

    /// The figure for one taken at the longest horizon, and what it is about.
    fn most_of_one(&self, language: Language) -> Option<(String, String)> {
        let longest = CERTIFICATE_HORIZONS.last().copied()?;
        let most = self.figure(1, longest)?.at_most.text(language);
        let (who, held_for) = (taken(self.adversary, 1, language), words::of(language).held_for);
        Some((most, format!("{who}, {held_for} {}", horizon(longest, language))))
    }

    fn table(&self, words: &Words, language: Language) -> String {
        let (caption, class) = match self.unit() {
            Unit::Share => (words.caption_share, "share"),
            Unit::Amount => (words.caption_amount, "amount"),
        };
        let head = |span| format!("<th scope=\"col\">{}</th>", escape(&horizon(span, language)));
        let heads: String = CERTIFICATE_HORIZONS.map(head).concat();
        let rows: String = (1..=CERTIFICATE_TAKEN_MAX).map(|k| self.row(k, language)).collect();
        let held_for = words.held_for;
        format!(
            "<table class=\"{class}\">\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">{held_for}</th>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
        )
    }

    fn row(&self, k: u8, language: Language) -> String {
        let cell = |span| {
            let figure = self.figure(k, span).map(|figure| figure.at_most.text(language)).unwrap_or_default();
            format!("<td data-for=\"{}\">{}</td>", escape(&horizon(span, language)), escape(&figure))
        };
        let cells: String = CERTIFICATE_HORIZONS.map(cell).concat();
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", taken(self.adversary, k, language))
    }

    fn facts(&self, words: &Words, key: &CertificatePublic) -> String {
        let fact = |name: &str, value: &str| format!("<dt>{name}</dt><dd>{}</dd>\n", escape(value));
        let code =
            |name: &str, value: &str| format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(value));
        let facts = [
            fact(words.issued, &minute(&self.issued_at().to_string())),
            fact(words.until, &minute(&self.expires_at().to_string())),
            fact(words.program, &format!("Rempart {}", self.program)),
            code(words.key, &key.thumbprint()),
            code(words.policy, &self.policy.to_string()),
        ];
        format!(
            "<h2>{}</h2>\n<dl>\n{}</dl>\n<p class=\"soft\">{}</p>",
            words.facts,
            facts.concat(),
            words.policy_note
        )
    }

    /// The badge: the figure for one home, and until when it is valid.
    #[must_use]
    pub fn badge(&self, language: Language) -> String {
        let words = words::of(language);
        let (most, about) = self.most_of_one(language).unwrap_or_default();
        let until = date(&self.expires_at().to_string());
        let strong = format!("{} {most}", words.at_most);
        let last = format!("{} · {} {until}", words.signed, words.until.to_lowercase());
        let says = format!("{}: {strong}, {about}. {last}.", words.title);
        let mut svg = Svg::new((4150, 1240), "rempart-badge", BADGE_STYLE, words.kind, &says);
        svg.rectangle("card", (10, 10), (4130, 1220), 100);
        // A wall with three merlons.
        let wall = [
            (180, 880),
            (180, 360),
            (310, 360),
            (310, 480),
            (400, 480),
            (400, 360),
            (530, 360),
            (530, 480),
            (620, 480),
            (620, 360),
            (750, 360),
            (750, 880),
            (180, 880),
        ];
        svg.path("wall", &wall);
        svg.text("title", Anchor::Start, (930, 320), words.title);
        svg.text("strong", Anchor::Start, (930, 580), &strong);
        svg.text("soft", Anchor::Start, (930, 810), &about);
        svg.text("soft", Anchor::Start, (930, 1030), &last);
        svg.finish()
    }
}

fn check(words: &Words, certificate: &str) -> String {
    let (check, note, show) = (words.check, words.check_note, words.show);
    let certificate = escape(certificate);
    format!(
        "<h2>{check}</h2>\n<p>{note}</p>\n<pre>rempart certificate verify certificate.jws --key key.jwk</pre>\n\
         <details><summary>{show}</summary>\n<pre>{certificate}</pre>\n</details>"
    )
}

/// An instant to the minute: `2026-12-20 21:25 UTC`.
fn minute(instant: &str) -> String {
    let (day, time) = instant.split_once('T').unwrap_or((instant, ""));
    let time: String = time.chars().take(5).collect();
    format!("{day} {time} UTC")
}

/// The day of an instant.
fn date(instant: &str) -> String {
    instant.chars().take_while(|c| *c != 'T').collect()
}
