//! The log of a twin, line by line and without times, at the finest level that our own crates have.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that nobody has looked at yet.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Takes every line of this process from now on.
    pub fn install() -> Result<Self, tracing_subscriber::util::TryInitError> {
        use tracing_subscriber::util::SubscriberInitExt;
        let lines = Self::default();
        let own = [
            "server",
            "rempart",
            "journal",
            "alarm",
            "gate",
            "overt",
            "covert",
            "credentials",
            "signer",
            "chain",
        ];
        let filter = own.map(|name| format!("{name}=trace")).join(",");
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_env_filter(EnvFilter::new(filter))
            .with_writer(lines.clone())
            .finish();
        subscriber.try_init()?;
        Ok(lines)
    }

    /// What came since the last look.
    pub fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
