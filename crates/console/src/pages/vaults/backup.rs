//! What a vault is recovered from without Rempart, to be printed: its descriptor, its first addresses, where the instructions are (G10).
//! A view of `/vaults/{id}`. No secret key is on it, but everything that the vault holds can be seen with it.

use api::{Problem, VaultAddress, VaultDetail};
use maud::{Markup, html};

use super::coins::blocks;
use super::{chain, qr};
use crate::ask::{Api, Ask, Shown, read};
use crate::parts::{Tone, fact, notice};
use crate::t;

/// Enough to see that a wallet was restored right.
const ADDRESSES: u32 = 3;
/// The most bytes of a code that a telephone reads from paper.
const QR_BYTES_MAX: usize = 1200;
/// A side of the QR code, in pixels.
const QR_SIDE: u32 = 300;

/// The view.
///
/// # Errors
/// What the interface refuses.
pub async fn show(ask: &Ask, api: &dyn Api, detail: &VaultDetail) -> Result<Shown, Problem> {
    let vault = &detail.vault.id;
    let mut addresses = Vec::new();
    if detail.descriptor.is_some() {
        for index in 0..ADDRESSES {
            let path = format!("/v1/vaults/{vault}/address?index={index}");
            addresses.push(read::<VaultAddress>(api, &path).await?.address);
        }
    }
    let content = html! {
        (notice(Tone::Warn, &html! { p { (t!(ask, "vaults-backup-nature")) } }))
        @match &detail.descriptor {
            Some(descriptor) => (sheet(ask, detail, descriptor, &addresses)),
            None => p { (t!(ask, "vaults-backup-none")) },
        }
        p { a href=(ask.path) { (t!(ask, "vaults-refresh-back")) } }
    };
    Ok(Shown::still(t!(ask, "vaults-backup-title", vault = vault.as_str()), content))
}

fn sheet(ask: &Ask, detail: &VaultDetail, descriptor: &str, addresses: &[String]) -> Markup {
    let code = Some(descriptor).filter(|text| text.len() <= QR_BYTES_MAX);
    let code = code.and_then(|text| qr::qr(text, &t!(ask, "vaults-backup-qr"), QR_SIDE));
    html! {
        p { (t!(ask, "vaults-backup-print")) }
        dl {
            (fact(&t!(ask, "vaults-chain"), &html! { (chain(ask, &detail.vault.chain)) }))
            @if let Some(lock) = lock(descriptor) { (fact(&t!(ask, "vaults-backup-recovery"), &html! { (blocks(ask, lock)) })) }
            (fact(&t!(ask, "vaults-backup-addresses"), &html! { @for address in addresses { div { code { (address) } } } }))
        }
        h2 { (t!(ask, "vaults-descriptor")) }
        p { code { (descriptor) } }
        @if let Some(code) = code { div { (code) } }
        h2 { (t!(ask, "vaults-backup-how")) }
        p { (t!(ask, "vaults-backup-how-explained")) " " code { (t!(ask, "vaults-backup-page")) } }
        p { (t!(ask, "vaults-backup-command")) " " code { (t!(ask, "vaults-backup-program")) } }
    }
}

/// The number of blocks of its recovery path.
fn lock(descriptor: &str) -> Option<u64> {
    let (_, after) = descriptor.split_once("older(")?;
    after.split_once(')')?.0.parse().ok()
}
