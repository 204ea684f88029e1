//! What an SMPP error status means to the delivery loop: try again, or a person must repair something. Called by the channel.

use crate::DeliveryError;

pub(super) const OK: u32 = 0x00;
pub(super) const INVALID_LENGTH: u32 = 0x02;
pub(super) const INVALID_COMMAND: u32 = 0x03;
pub(super) const WRONG_STATE: u32 = 0x04;
pub(super) const SYSTEM_ERROR: u32 = 0x08;
pub(super) const REJECTED_BY_US: u32 = 0x66;
const ALREADY_BOUND: u32 = 0x05;
const BIND_FAILED: u32 = 0x0d;
const INVALID_PASSWORD: u32 = 0x0e;
const INVALID_SYSTEM: u32 = 0x0f;
const QUEUE_FULL: u32 = 0x14;
const SUBMIT_FAILED: u32 = 0x45;
const INVALID_SYSTEM_TYPE: u32 = 0x53;
const THROTTLED: u32 = 0x58;
const TEMPORARY: u32 = 0x64;
const DELIVERY_FAILED: u32 = 0xfe;
const UNKNOWN: u32 = 0xff;
const SERVICE_UNAVAILABLE: u32 = 0x102;
/// From here on each provider has its own.
const RESERVED: u32 = 0x111;

/// What an answer means. Numbers are those of SMPP 3.4, table 5-2, in decimal when they are shown.
pub(super) fn judge(status: u32) -> Result<(), DeliveryError> {
    let shown = u16::try_from(status).unwrap_or(u16::MAX);
    match status {
        OK => Ok(()),
        BIND_FAILED | INVALID_PASSWORD | INVALID_SYSTEM | INVALID_SYSTEM_TYPE => {
            Err(DeliveryError::Login(shown))
        }
        // A session that the provider has not noticed to be dead, or that it has lost, is found again.
        WRONG_STATE
        | ALREADY_BOUND
        | SYSTEM_ERROR
        | QUEUE_FULL
        | SUBMIT_FAILED
        | THROTTLED
        | TEMPORARY
        | DELIVERY_FAILED
        | UNKNOWN
        | SERVICE_UNAVAILABLE
        | RESERVED.. => Err(DeliveryError::Unavailable(shown)),
        _ => Err(DeliveryError::Refused(shown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_temporary_or_for_a_person_to_repair() {
        assert_eq!(judge(0), Ok(()));
        // Throttled, queue full, system error, submit failed, temporary, wrong state, already bound, a provider's own.
        for status in [0x58, 0x14, 0x08, 0x45, 0x64, 0x04, 0x05, 0xff, 0x102, 0x400, 0x4ff, u32::MAX] {
            let error = judge(status).unwrap_err();
            assert!(!error.is_permanent() && matches!(error, DeliveryError::Unavailable(_)), "{status:#x}");
        }
        // Destination, source, length, command, numbering, coding, not allowed.
        for status in [0x0b, 0x0a, 0x01, 0x02, 0x03, 0x50, 0x51, 0x48, 0x65, 0x66, 0x101, 0x104] {
            let error = judge(status).unwrap_err();
            assert!(error.is_permanent() && matches!(error, DeliveryError::Refused(_)), "{status:#x}");
        }
        for status in [0x0d, 0x0e, 0x0f, 0x53] {
            let shown = u16::try_from(status).unwrap();
            assert_eq!(judge(status), Err(DeliveryError::Login(shown)));
            assert!(DeliveryError::Login(shown).is_permanent());
        }
    }
}
