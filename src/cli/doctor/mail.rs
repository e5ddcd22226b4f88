//! Whether mail would go.

use super::report::Report;
use crate::cli::open;
use crate::config::layers::Loaded;
use crate::outgoing::mail::MailTls;
use crate::outgoing::mail::examine::Unfit;

const CHECK: &str = "mail";

/// Nothing is said where no mail is sent.
pub(super) async fn examine(loaded: &Loaded, report: &mut Report) {
    let mail = &loaded.config.mail;
    let Some((host, port)) = mail.address() else { return };
    let mailer = match open::mailer(loaded) {
        Ok(Some(mailer)) => mailer,
        Ok(None) => return,
        Err(failure) => return report.failed(CHECK, failure),
    };
    match mailer.examine().await {
        Ok(()) => {
            let way = match mail.tls {
                MailTls::Implicit => "TLS",
                MailTls::None => "no TLS",
                MailTls::Starttls => "STARTTLS",
            };
            report.ok(CHECK, format_args!("{host}:{port} takes mail from {} over {way}", mailer.from()));
        }
        Err(unfit) => report.wrong(CHECK, format_args!("{host}:{port}: {unfit}"), advice(&unfit)),
    }
}

const fn advice(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::Unknown(_) => "look at mail.server, and at the name servers of this machine",
        Unfit::Nobody(_) | Unfit::TooSlow => {
            "look at the port in mail.server, and at what lies between here and there"
        }
        Unfit::Strange(_) => {
            "look at mail.tls, which is \"implicit\" for port 465 and \"starttls\" for 587, and at mail.root_certificate_file"
        }
        Unfit::NotLetIn(_) => {
            "look at mail.user and mail.password_file, and whether the server knows this machine"
        }
        Unfit::Sender { .. } => "look at mail.from, and whether the server asks for mail.user",
    }
}
