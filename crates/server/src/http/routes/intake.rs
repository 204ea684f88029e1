//! Alarms of other systems: one signed CAP 1.2 message (G3, G8, G9). Neither counted nor logged; what the gate makes of it changes nothing here.

use alarm::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookHeaders};
use api::{Code, Problem};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use types::{Hash, Timestamp};

use crate::http::failure::Failure;
use crate::http::incoming::{Incoming, Size};
use crate::http::shared::Http;
use crate::intake::MessageVerdict;

/// Takes a CAP 1.2 message of a system that the server's settings name; signed as webhooks are. Answered when it is durable; repeat it with
/// the same `webhook-id` until then.
#[utoipa::path(post, path = "/v1/intake/cap", tag = "intake",
    request_body(content = String, content_type = "application/cap+xml"),
    params(("webhook-id" = String, Header), ("webhook-timestamp" = String, Header), ("webhook-signature" = String, Header)),
    responses((status = 204, description = "Taken"), (status = 401, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub async fn cap(State(http): State<Http>, incoming: Incoming) -> Result<StatusCode, Failure> {
    let own = http.clone();
    http.detached(async move { own.take_cap(incoming).await }).await.map(|()| StatusCode::NO_CONTENT)
}

/// Takes a mail that replies to an alarm, as it arrived, from the mail gateway that the server's settings name; signed as webhooks are. What it
/// says is shown to responders if it holds one call-back code, and never counts as an acknowledgement.
#[utoipa::path(post, path = "/v1/intake/mail", tag = "intake",
    request_body(content = String, content_type = "message/rfc822"),
    params(("webhook-id" = String, Header), ("webhook-timestamp" = String, Header), ("webhook-signature" = String, Header)),
    responses((status = 204, description = "Taken"), (status = 401, body = Problem), (status = 413, body = Problem)))]
pub async fn mail(State(http): State<Http>, incoming: Incoming) -> Result<StatusCode, Failure> {
    let own = http.clone();
    http.detached(async move { own.take_mail(incoming).await }).await.map(|()| StatusCode::NO_CONTENT)
}

impl Http {
    /// The answer says nothing of what was in it.
    async fn take_mail(&self, incoming: Incoming) -> Result<(), Failure> {
        let headers = incoming.headers.clone();
        let body = incoming.read(self, Size::Usual).await?;
        let seed = Hash(self.entropy.draw());
        let sign = self.engine.replies().mail(signed(&headers), &body, self.wall(), seed);
        Ok(self.engine.signal(sign.ok_or(Failure::new(Code::Unauthenticated))?).await?)
    }

    async fn take_cap(&self, incoming: Incoming) -> Result<(), Failure> {
        let headers = incoming.headers.clone();
        let body = incoming.read(self, Size::Usual).await?;
        let seed = Hash(self.entropy.draw());
        let panels = self.engine.panels();
        match panels.judge_cap(signed(&headers), &body, self.wall()) {
            MessageVerdict::Unknown => Err(Failure::new(Code::Unauthenticated)),
            MessageVerdict::Malformed(_) => Err(Failure::new(Code::CapInvalid)),
            // The same work, so that nobody on the way learns what a message was.
            MessageVerdict::Heard => Ok(self.engine.signal(covert::Sign::Nobody { seed }).await?),
            MessageVerdict::Alarm(press) => {
                self.engine.signal(press.sign(seed)).await?;
                panels.message_written(&press, self.wall());
                Ok(())
            }
        }
    }

    /// Signatures tell civil time.
    fn wall(&self) -> Timestamp {
        self.engine.clock().moment_parts().0
    }
}

fn signed(headers: &HeaderMap) -> WebhookHeaders<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    WebhookHeaders {
        id: text(ID_HEADER),
        timestamp: text(TIMESTAMP_HEADER),
        signature: text(SIGNATURE_HEADER),
    }
}
