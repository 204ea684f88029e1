//! Alarm channels: how a signal leaves the building.
