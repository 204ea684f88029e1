//! Bitcoin vaults: descriptors and the one way from an untrusted PSBT to a verified spend.
