//! The overt record, for auditors; for everybody else nothing is here (G3, G7, G9). Neither a seal nor anything that follows from one.

use std::collections::HashMap;

use api::{AuditEntry, AuditList, AuditVerification, Code, Problem};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use overt::Author;

use super::people::is_auditor;
use super::{Answer, language};
use crate::audit::{AuditError, Damage, Entry, REFUSED, Verified, describe, kind};
use crate::http::failure::Failure;
use crate::http::shared::Http;

/// How many entries a page has, unless the query says otherwise.
const PAGE_DEFAULT: u64 = 50;
/// The most entries on a page.
const PAGE_MAX: u64 = 200;
/// How many entries are looked at for one page when something is asked for.
const LOOKED_AT_MAX: u64 = 5_000;

/// An auditor's session. For everybody else there is nothing here.
fn auditor(http: &Http, headers: &HeaderMap) -> Result<(), Failure> {
    let reader = http.reader(headers).map_err(|_| Failure::not_found())?;
    let policy_says =
        |state: &gate::State| state.overt().policy().is_some_and(|policy| is_auditor(policy, &reader));
    if http.engine.read(policy_says) { Ok(()) } else { Err(Failure::not_found()) }
}

/// What was done, newest first.
#[utoipa::path(get, path = "/v1/audit/entries", tag = "audit",
    params(("before" = Option<u64>, Query, description = "`next` of the page before"),
        ("limit" = Option<u64>, Query, description = "1 to 200"),
        ("by" = Option<String>, Query, description = "only acts of this person, service or feed"),
        ("kind" = Option<String>, Query, description = "only entries of this kind")),
    responses((status = 200, body = AuditList), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn entries(
    State(http): State<Http>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<AuditList> {
    auditor(&http, &headers)?;
    let (page, language) = (Page::read(&query)?, language(&headers));
    let mut reader = http.engine.audit().reader().await;
    let looked = tokio::task::spawn_blocking(move || {
        let found = reader.entries(page.before, page.looked_at());
        found.map(|found| page.fill(found, language))
    });
    looked.await.map_err(|_| Failure::new(Code::Internal))?.map(Json).map_err(|error| unreadable(&error))
}

/// Whether the record is whole: the same check as `rempart journal verify`. A second question about the same record gets the first answer.
#[utoipa::path(get, path = "/v1/audit/verification", tag = "audit",
    responses((status = 200, body = AuditVerification), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn verification(State(http): State<Http>, headers: HeaderMap) -> Answer<AuditVerification> {
    auditor(&http, &headers)?;
    let language = language(&headers);
    let key = http.engine.secrets().checkpoint().verifying_key();
    let mut reader = http.engine.audit().reader().await;
    let checked = tokio::task::spawn_blocking(move || reader.verify(key));
    let checked = checked.await.map_err(|_| Failure::new(Code::Internal))?;
    checked.map(|verified| Json(verification_of(&verified, language))).map_err(|error| unreadable(&error))
}

fn unreadable(error: &AuditError) -> Failure {
    match error {
        AuditError::NoFile => Failure::not_found(),
        AuditError::Journal(_) | AuditError::Record(_) => {
            tracing::error!("the record cannot be read for auditors: {error}");
            Failure::later(Code::Unavailable, 60)
        }
    }
}

struct Page {
    before: Option<u64>,
    limit: u64,
    by: Option<String>,
    kind: Option<String>,
}

impl Page {
    fn read(query: &HashMap<String, String>) -> Result<Self, Failure> {
        let wrong = |name: &str| Failure::because(Code::QueryInvalid, format!("`{name}` is not understood"));
        let known = ["before", "limit", "by", "kind"];
        if let Some(name) = query.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(wrong(&name.chars().take(32).collect::<String>()));
        }
        let number =
            |name: &str| query.get(name).map(|text| text.parse::<u64>()).transpose().map_err(|_| wrong(name));
        let (before, limit) = (number("before")?, number("limit")?.unwrap_or(PAGE_DEFAULT));
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(wrong("limit"));
        }
        Ok(Self { before, limit, by: query.get("by").cloned(), kind: query.get("kind").cloned() })
    }

    fn looked_at(&self) -> u64 {
        if self.by.is_some() || self.kind.is_some() { LOOKED_AT_MAX } else { self.limit }
    }

    fn fill(&self, found: Vec<Entry>, language: api::Language) -> AuditList {
        let end = found.last().map(|entry| entry.record.act.number.0);
        let asked = found.into_iter().map(|found| entry(&found, language)).filter(|entry| self.fits(entry));
        let mut entries: Vec<AuditEntry> = asked.collect();
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let is_full = entries.len() > limit;
        entries.truncate(limit);
        let next = if is_full { entries.last().map(|entry| entry.number) } else { end };
        // The first entry has number 1, and before it there is nothing.
        AuditList { entries, next: next.filter(|next| *next > 1) }
    }

    fn fits(&self, entry: &AuditEntry) -> bool {
        let is_by = |by: &String| entry.by.as_ref().is_some_and(|actor| actor.as_str() == by);
        self.by.as_ref().is_none_or(is_by) && self.kind.as_ref().is_none_or(|kind| entry.kind == *kind)
    }
}

fn entry(Entry { record, hash }: &Entry, language: api::Language) -> AuditEntry {
    let by = match &record.act.by {
        Author::Actor(actor) | Author::Feed(actor) => Some(actor.clone()),
        Author::System => None,
    };
    let kind = kind(record);
    AuditEntry {
        number: record.act.number.0,
        at: record.act.at,
        hash: *hash,
        by,
        kind: kind.to_owned(),
        text: describe(record, language),
        refused: (kind == REFUSED).then(|| REFUSED.to_owned()),
    }
}

fn verification_of(verified: &Verified, language: api::Language) -> AuditVerification {
    let problem = verified.damage.map(|damage| match (damage, language) {
        (Damage::Entry(number), api::Language::English) => format!(
            "entry {number} is not as it was written: stop the server, keep the file, restore a backup, and compare with the checkpoints that were exported"
        ),
        (Damage::Entry(number), api::Language::French) => format!(
            "l'entrée {number} n'est pas telle qu'elle a été écrite\u{a0}: arrêtez le serveur, gardez le fichier, restaurez une sauvegarde et comparez aux points de contrôle exportés"
        ),
        (Damage::Store, api::Language::English) => {
            "the store is damaged: run `rempart journal verify` on the server, keep the file, restore a backup".to_owned()
        }
        (Damage::Store, api::Language::French) => {
            "le stockage est endommagé\u{a0}: lancez `rempart journal verify` sur le serveur, gardez le fichier, restaurez une sauvegarde".to_owned()
        }
    });
    AuditVerification {
        entries: verified.entries,
        head: verified.head,
        whole: verified.damage.is_none(),
        problem,
    }
}
