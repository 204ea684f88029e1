//! Phrase, class seal, device keys: who acts, and the sealed sign of whether of free will.
