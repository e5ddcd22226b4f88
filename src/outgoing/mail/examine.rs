//! Whether mail would go: all that is asked of the server before a mail is handed over, and no mail.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::commands::{Mail, Rset};
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};

use super::{Line, Mailer};

/// Why no mail would go. Of what the server answers it has the number, as [`MailError`](super::MailError) has.
#[derive(Debug, Error)]
pub enum Unfit {
    /// Nobody knows where it is.
    #[error("there is no {0} that this machine finds")]
    Unknown(String),
    /// Nobody listens.
    #[error("nobody answers there ({0})")]
    Nobody(std::io::Error),
    /// Whoever answers does not say what the settings expect: no TLS, a certificate that is not trusted, something else than mail.
    #[error("the connection is not what the settings say ({0})")]
    Strange(String),
    /// The server lets nobody in, or not us.
    #[error("it did not let us in: answered {0}")]
    NotLetIn(u16),
    /// It takes no mail from who writes.
    #[error("it takes no mail from {from}: answered {code}")]
    Sender {
        /// Who writes.
        from: String,
        /// What it answered.
        code: u16,
    },
    /// Too slow.
    #[error("no answer in time")]
    TooSlow,
}

impl Mailer {
    /// Goes as far as one comes without a mail: the name, the connection, its protection, the user, and who writes.
    pub async fn examine(&self) -> Result<(), Unfit> {
        tokio::time::timeout(self.timeout, self.go_as_far()).await.unwrap_or(Err(Unfit::TooSlow))
    }

    /// Who writes, without a name.
    pub fn from(&self) -> String {
        self.sender.from.email.to_string()
    }

    async fn go_as_far(&self) -> Result<(), Unfit> {
        let (host, port) = (self.address.0.as_str(), self.address.1);
        let unknown = || Unfit::Unknown(host.to_owned());
        lookup_host((host, port)).await.map_err(|_| unknown())?.next().ok_or_else(unknown)?;
        // A connection of its own, to tell a port that nobody listens at from a protocol that is another.
        drop(TcpStream::connect((host, port)).await.map_err(Unfit::Nobody)?);
        let mut connection = self.connect().await.map_err(|error| strange(&error))?;
        let from = Mail::new(Some(self.sender.from.email.clone()), Vec::new());
        let begun = connection.command(from).await.map(drop);
        if begun.is_ok() {
            // Not even begun, as far as the server is concerned. Whatever it answers, it has no mail.
            let _ = connection.command(Rset).await;
        }
        self.hang_up(Line(connection)).await;
        begun.map_err(|error| match error.status() {
            Some(code) => Unfit::Sender { from: self.from(), code: code.into() },
            None => strange(&error),
        })
    }
}

fn strange(error: &Error) -> Unfit {
    if let Some(code) = error.status() {
        return Unfit::NotLetIn(code.into());
    }
    // What lies at the bottom says it best: of TLS, for instance, why a certificate is not trusted.
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Unfit::Strange(cause.to_string())
}
