//! Mail to people, by the deployment's own mail server. Where it is and whether to trust it was decided by whoever wrote the
//! settings; of its answers nothing is kept but the number, for their words quote addresses.

pub mod examine;
mod letter;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::secret::Secret;
pub use letter::Letter;
use letter::Sender;
use words::MailWords;

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// From the first byte (RFC 8314 section 3.3).
    #[default]
    Implicit,
    /// Nothing is: for a server on this machine, or on a network that nobody else is on.
    None,
    /// The server is asked to begin it; one that does not is given nothing.
    Starttls,
}

/// The mail server, and who writes.
pub struct MailServer {
    /// Its name, which its certificate has to bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub tls: MailTls,
    /// Certificates in PEM that are trusted in place of the machine's.
    pub roots: Option<Vec<u8>>,
    /// The user and the password, where it asks for them.
    pub login: Option<(String, Secret)>,
    /// Who writes, such as `Académie <no-reply@example.org>`.
    pub from: String,
    /// What this program is called when it says hello.
    pub hello: String,
    /// What people know the service by.
    pub service: String,
    /// In which zone times are written.
    pub zone: TimeZone,
    /// What mails say.
    pub words: MailWords,
    /// How long one mail may take, the connection included.
    pub timeout: Duration,
}

/// Why a mail was not taken. It quotes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MailError {
    /// No mail can be sent there.
    #[error("its address is not one that mail can be sent to")]
    Address,
    /// The server takes mail, and none for this address.
    #[error("the mail server does not take its address: answered {0}")]
    Recipient(u16),
    /// The server did not take this mail.
    #[error("the mail server answered {0}")]
    Answered(u16),
    /// The server lets nobody in, or not us.
    #[error("the mail server did not let us in: answered {0}")]
    NotLetIn(u16),
    /// It does not offer what the settings ask for.
    #[error("the mail server offers no TLS, or takes no password")]
    NotOffered,
    /// Too slow.
    #[error("no answer in time")]
    TooSlow,
    /// Nobody listens, or is who the certificate says.
    #[error("no connection, or no answer")]
    Unreachable,
}

impl MailError {
    /// Whether the same mail will not be taken another time either.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Address | Self::Recipient(500..))
    }

    /// Whether another mail would end the same way.
    pub const fn is_of_the_server(&self) -> bool {
        matches!(self, Self::NotLetIn(_) | Self::NotOffered | Self::TooSlow | Self::Unreachable)
    }
}

/// These settings make no mail.
#[derive(Debug, Error)]
pub enum NoMail {
    /// Nobody can write from there.
    #[error("{0:?} is not an address that mail can come from, such as \"Académie <no-reply@example.org>\"")]
    From(String),
    /// Not certificates, or no name that a certificate can bear.
    #[error("no TLS for mail")]
    Tls(#[source] Error),
}

/// Sends mail.
#[derive(Clone)]
pub struct Mailer {
    address: (String, u16),
    implicit: Option<TlsParameters>,
    starttls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    sender: Sender,
    timeout: Duration,
}

/// A connection that mail goes over.
pub struct Line(AsyncSmtpConnection);

impl Mailer {
    /// Nothing is asked of the server yet.
    pub fn new(server: MailServer) -> Result<Self, NoMail> {
        let from: Mailbox = server.from.parse().map_err(|_| NoMail::From(server.from.clone()))?;
        let tls = match server.tls {
            MailTls::None => None,
            MailTls::Implicit | MailTls::Starttls => {
                Some(tls(server.host.clone(), server.roots.as_deref()).map_err(NoMail::Tls)?)
            }
        };
        let (implicit, starttls) = match server.tls {
            MailTls::Implicit => (tls, None),
            MailTls::Starttls | MailTls::None => (None, tls),
        };
        Ok(Self {
            address: (server.host, server.port),
            implicit,
            starttls,
            credentials: server
                .login
                .map(|(user, password)| Credentials::new(user, password.expose().to_owned())),
            hello: match server.hello.parse() {
                Ok(address) => ClientId::Ipv4(address),
                Err(_) => ClientId::Domain(server.hello),
            },
            sender: Sender {
                from,
                service: server.service,
                zone: server.zone,
                words: Arc::new(server.words),
            },
            timeout: server.timeout,
        })
    }

    /// Sends one letter over a line, which is opened if it is not there, and gone afterwards if it broke. One that the server
    /// had closed since the letter before is opened anew.
    pub async fn send(&self, line: &mut Option<Line>, letter: &Letter) -> Result<(), MailError> {
        let message = letter.written(&self.sender)?;
        let to = letter.address()?;
        let kept = line.take();
        let work = async {
            if let Some(mut kept) = kept {
                match self.hand_over(&mut kept, &to, &message).await {
                    Ok(()) => return Ok(kept),
                    Err(MailError::Unreachable | MailError::Answered(421)) => {}
                    Err(error) => return Err(end(kept, error).await),
                }
            }
            let mut fresh = self.open().await?;
            match self.hand_over(&mut fresh, &to, &message).await {
                Ok(()) => Ok(fresh),
                Err(error) => Err(end(fresh, error).await),
            }
        };
        let open = tokio::time::timeout(self.timeout, work).await.unwrap_or(Err(MailError::TooSlow))?;
        *line = Some(open);
        Ok(())
    }

    /// Says goodbye.
    pub async fn hang_up(&self, mut line: Line) {
        // Whatever becomes of it: everything it carried was taken.
        let _ = tokio::time::timeout(self.timeout, line.0.quit()).await;
    }

    async fn open(&self) -> Result<Line, MailError> {
        self.connect().await.map(Line).map_err(|error| not_let_in(&error))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let address = (self.address.0.as_str(), self.address.1);
        let tls = self.implicit.clone();
        let opened =
            AsyncSmtpConnection::connect_tokio1(address, Some(self.timeout), &self.hello, tls, None).await;
        let mut connection = opened?;
        if let Some(tls) = self.starttls.clone() {
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, credentials).await?;
        }
        Ok(connection)
    }

    async fn hand_over(&self, line: &mut Line, to: &Address, message: &[u8]) -> Result<(), MailError> {
        let connection = &mut line.0;
        let mut parameters = Vec::new();
        let plain: &str = to.as_ref();
        if !plain.is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(MailError::Address);
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = Mail::new(Some(self.sender.from.email.clone()), parameters);
        connection.command(from).await.map_err(|error| answered(&error))?;
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| {
            match error.status() {
                Some(code) if error.is_permanent() => MailError::Recipient(code.into()),
                _ => answered(&error),
            }
        })?;
        connection.command(Data).await.map_err(|error| answered(&error))?;
        connection.message(message).await.map_err(|error| answered(&error))?;
        Ok(())
    }
}

/// Whether mail can come from there.
pub fn is_from(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

fn tls(host: String, roots: Option<&[u8]>) -> Result<TlsParameters, Error> {
    let mut tls = TlsParameters::builder(host);
    if let Some(roots) = roots {
        tls =
            tls.certificate_store(CertificateStore::None).add_root_certificate(Certificate::from_pem(roots)?);
    }
    tls.build_rustls()
}

async fn end(mut line: Line, error: MailError) -> MailError {
    line.0.abort().await;
    error
}

fn answered(error: &Error) -> MailError {
    error.status().map_or(MailError::Unreachable, |code| MailError::Answered(code.into()))
}

fn not_let_in(error: &Error) -> MailError {
    match error.status() {
        Some(code) => MailError::NotLetIn(code.into()),
        None if error.is_client() => MailError::NotOffered,
        None => MailError::Unreachable,
    }
}
