//! People are told by mail, through a real mail server. Ignored by a plain `cargo test`, because it takes `scripts/smtp.sh`.

use std::collections::BTreeSet;
use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::secret::Secret;
use ecluse::flows::account::disable::disable;
use ecluse::flows::notices::{Courier, MailSettings};
use ecluse::outgoing::mail::{MailTls, Mailer};
use ecluse::outgoing::{Outgoing, Reach};
use ecluse::store::clock::Clock;
use ecluse::store::db::{Batch, Statement};
use tokio::net::TcpListener;

use crate::deployment::House;
use crate::mail_server::{Mail, MailServer, certificates, mailer};
use crate::notices::{arrive, ecluse, number};
use crate::order_notices::a_class;
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator};
use crate::receiver::Receiver;
use crate::sign_in::activate;

const MAILS: &str = "SELECT COUNT(*) FROM notice WHERE kind <> 'logout'";
const WAITING: &str = "SELECT COUNT(*) FROM notice WHERE kind <> 'logout' AND due_at IS NOT NULL";

fn wish() -> Wish {
    Wish::settings(|settings| {
        settings.mail = Some(MailSettings { timeout: Duration::from_mins(1), concurrency: 2 });
        settings.notices.ahead = 100;
    })
}

fn courier(provider: &Provider, mailer: Mailer) -> Courier {
    let reach = Reach { networks: Vec::new(), loopback: true };
    let outgoing = Outgoing::new(reach, provider.ctx.settings.notices.timeout).unwrap();
    Courier::new(provider.ctx.clone(), outgoing, Some(mailer))
}

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

const ADDRESSES: &str = "UPDATE account SET email = login || '@famille.example' WHERE login <> 'tom'";

/// What a mail is about, in French.
fn subject(mail: &Mail) -> String {
    let subject = mail.header("Subject").replace('\u{a0}', " ");
    subject.strip_prefix("Écluse : ").unwrap().split(" / ").next().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn a_change_and_each_reset_are_told_to_whoever_has_an_address() {
    let provider = Provider::start_with(wish()).await;
    let server = MailServer::start().await;
    write(&provider, ADDRESSES).await;
    let mut courier = courier(&provider, server.mailer());
    let slip = provider.new_code("zoe").await;
    let browser = crate::browser::Browser::new(&provider.issuer);
    let page = browser.sign_in(&browser.go("/login").await, "zoe", &slip).await;
    assert!(browser.change(&page, "", FIRST_PASSWORD).await.is_success());
    activate(&provider, "tom").await;
    provider.force("zoe", Level::Change).await;
    provider.force("zoe", Level::Recover).await;
    courier.round().await.unwrap();
    courier.round().await.unwrap();
    let mails = server.taken(4).await;
    let mut subjects: Vec<_> = mails.iter().map(subject).collect();
    subjects.sort();
    let expected = [
        "un nouveau code vous a été donné",
        "un nouveau mot de passe vous est demandé",
        "votre mot de passe a été changé",
        "votre mot de passe n’est plus valable",
    ];
    assert_eq!(subjects, expected);
    let ids: BTreeSet<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), 4);
    for mail in &mails {
        assert_eq!(
            (mail.to(), mail.header("To")),
            ("zoe@famille.example".into(), "zoe@famille.example".into())
        );
        assert_eq!(mail.header("From"), "Académie de Poitiers <ne-pas-repondre@ac.example>");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        let body = mail.body();
        assert!(body.contains("compte zoe") && body.contains("the account zoe"), "{body}");
        assert!(body.contains("21 November 2026 at 10:00"), "{body}");
        let all = mail.0.to_string();
        for secret in [slip.as_str(), &slip.replace('-', ""), FIRST_PASSWORD, "http:", "https:", "127.0.0.1"]
        {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
    }
    assert_eq!(server.taken_by_now(), 4, "once each, and nobody without an address");
    assert_eq!(number(&provider, WAITING).await, 0);
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn what_a_server_refuses_at_first_comes_once_and_what_it_never_takes_is_given_up() {
    let provider = Provider::start_with(Wish { clock: Clock::system(), ..wish() }).await;
    let mut server = MailServer::start().await;
    write(&provider, ADDRESSES).await;
    activate(&provider, "zoe").await;
    let mut sender = courier(&provider, server.mailer());
    sender.round().await.unwrap();
    assert_eq!(server.taken(2).await.len(), 2);

    server.behaves("data 451 4.3.0 later").await;
    provider.force("zoe", Level::Change).await;
    sender.round().await.unwrap();
    let refused = server.refused(1).await;
    assert_eq!((refused.len(), server.taken_by_now(), number(&provider, WAITING).await), (1, 2, 1));
    let soon = "UPDATE notice SET due_at = now_us() WHERE due_at IS NOT NULL";
    server.behaves("take").await;
    write(&provider, soon).await;
    sender.round().await.unwrap();
    sender.round().await.unwrap();
    let taken = server.taken(3).await;
    assert_eq!(taken.len(), 3, "once");
    assert_eq!(taken[2].header("Message-ID"), refused[0].header("Message-ID"), "and known again");

    server.behaves("data 552 too much").await;
    provider.force("zoe", Level::Change).await;
    for tries in 2..=5 {
        sender.round().await.unwrap();
        assert_eq!(server.refused(tries).await.len(), tries);
        write(&provider, soon).await;
    }
    assert_eq!(number(&provider, WAITING).await, 0, "four attempts are all");
    let (code, listed) = ecluse(&provider, &["notice", "list", "--json"]);
    assert_eq!(code, Some(0), "{listed}");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let said = |member: &str| listed[0][member].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (said("to"), said("state"), said("client_id")),
        ("mail".into(), "given up".into(), String::new())
    );
    assert_eq!(said("failure"), "the mail server answered 552");
    assert!(!listed.to_string().contains("zoe"), "{listed}");
    server.behaves("take").await;
    assert_eq!(ecluse(&provider, &["notice", "retry", "--mail"]).0, Some(0));
    sender.round().await.unwrap();
    let taken = server.taken(4).await;
    assert_eq!(taken[3].header("Message-ID"), server.refused(5).await[4].header("Message-ID"));
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn an_address_that_is_none_is_given_up_at_once_and_holds_up_nobody() {
    let provider = Provider::start_with(wish()).await;
    let mut server = MailServer::start().await;
    write(&provider, ADDRESSES).await;
    write(&provider, "UPDATE account SET email = 'nobody' WHERE login = 'm.blanc'").await;
    server.behaves("rcpt 550 no such user").await;
    let mut sender = courier(&provider, server.mailer());
    provider.new_code("m.blanc").await;
    provider.new_code("zoe").await;
    sender.round().await.unwrap();
    server.refused(1).await;
    let given_up = "SELECT COUNT(*) FROM notice WHERE parked_at IS NOT NULL AND attempts = 1";
    assert_eq!((number(&provider, given_up).await, number(&provider, WAITING).await), (2, 0));
    server.behaves("take").await;
    provider.new_code("lea").await;
    sender.round().await.unwrap();
    assert_eq!(server.taken(1).await[0].to(), "lea@famille.example");
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn an_order_is_told_a_page_at_a_time_to_each_whom_it_binds() {
    let provider = Provider::start_with(wish()).await;
    let server = MailServer::start().await;
    a_class(&provider, 450, &[]).await;
    write(&provider, ADDRESSES).await;
    activate(&provider, "lea").await;
    disable(&provider.ctx, &operator(), &["pupil00007".to_owned()]).await.unwrap().unwrap();
    write(&provider, "DELETE FROM notice").await;
    let order = provider.order_for("departement:086", Level::Recover).await;
    assert_eq!(number(&provider, MAILS).await, 0, "an order is one row");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody =
        mailer(silent.local_addr().unwrap().port(), |settings| settings.timeout = Duration::from_millis(50));
    courier(&provider, nobody).round().await.unwrap();
    let ahead = number(&provider, MAILS).await;
    assert!((100..=400).contains(&ahead), "{ahead} ahead of a server that says nothing");
    provider.clock.advance(Duration::from_mins(1));
    let mut sender = courier(&provider, server.mailer());
    for _ in 0..10 {
        sender.round().await.unwrap();
    }
    let mails = server.taken(449).await;
    let people: BTreeSet<_> = mails.iter().map(Mail::to).collect();
    assert_eq!((mails.len(), people.len()), (449, 449), "nobody twice");
    assert!(!people.contains("pupil00007@famille.example"), "a disabled account");
    assert!(!people.contains("zoe@famille.example"), "nobody without a password");
    assert!(!people.contains("lea@famille.example"), "another département");
    assert!(mails.iter().all(|mail| subject(mail) == "votre mot de passe n’est plus valable"));
    provider.cancel(&order).await;
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn an_order_that_is_older_than_the_mail_server_is_not_told() {
    let provider = Provider::start().await;
    a_class(&provider, 10, &[]).await;
    write(&provider, ADDRESSES).await;
    provider.order_for("departement:086", Level::Change).await;
    provider.clock.advance(Duration::from_hours(8 * 24));
    let stores = std::sync::Arc::clone(&provider.stores);
    let later =
        Provider::start_with(Wish { stores: Some(stores), clock: provider.clock.clone(), ..wish() }).await;
    let server = MailServer::start().await;
    courier(&later, server.mailer()).round().await.unwrap();
    assert_eq!((number(&later, MAILS).await, server.taken_by_now()), (0, 0));
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn a_mail_server_that_says_nothing_delays_no_logout_notice() {
    let provider = Provider::start_with(Wish::settings(|settings| {
        settings.mail = Some(MailSettings { timeout: Duration::from_hours(1), concurrency: 2 });
        settings.notices.ahead = 100;
    }))
    .await;
    let portal = Receiver::start().await;
    portal.of(&provider, "portal").await;
    let mut sids = a_class(&provider, 450, &["portal"]).await;
    write(&provider, ADDRESSES).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    provider.order_for("departement:086", Level::Recover).await;
    let slow = mailer(port, |settings| settings.timeout = Duration::from_hours(1));
    let worker = tokio::spawn(courier(&provider, slow).run());
    portal.has_heard(450).await;
    worker.abort();
    sids.sort();
    assert_eq!(portal.sids(), sids);
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn nothing_is_sent_where_the_way_is_not_protected_as_it_should_be() {
    let provider = Provider::start_with(wish()).await;
    let (guarded, plain) = (MailServer::guarded().await, MailServer::start().await);
    write(&provider, ADDRESSES).await;
    provider.new_code("zoe").await;
    let authority = std::fs::read(format!("{}/ca.pem", certificates())).unwrap();
    let login = |password: &str| Some(("ecluse".to_owned(), Secret::new(password.to_owned())));
    let attempts = [
        ("offers no TLS", mailer(plain.port, |settings| settings.tls = MailTls::Starttls)),
        ("no connection", mailer(guarded.port, |settings| settings.tls = MailTls::Starttls)),
        ("no connection", mailer(plain.port, |settings| settings.tls = MailTls::Implicit)),
        (
            "answered 535",
            mailer(guarded.port, |settings| {
                settings.tls = MailTls::Starttls;
                settings.roots = Some(authority.clone());
                settings.login = login("Sel-de-table");
            }),
        ),
    ];
    for (why, mailer) in attempts {
        write(&provider, "UPDATE notice SET attempts = 0, due_at = 0, failure = NULL").await;
        courier(&provider, mailer).round().await.unwrap();
        let rows =
            provider.ctx.db.all(Statement::new("SELECT failure FROM notice", Vec::new())).await.unwrap();
        let failure = rows[0].text(0).unwrap();
        assert!(failure.contains(why), "{why}: {failure}");
    }
    assert_eq!(
        number(&provider, WAITING).await,
        1,
        "it is tried again, whatever was wrong with the settings"
    );
    let right = mailer(guarded.port, |settings| {
        settings.tls = MailTls::Starttls;
        settings.roots = Some(authority.clone());
        settings.login = login("Sel-de-mer-42");
    });
    write(&provider, "UPDATE notice SET attempts = 0, due_at = 0").await;
    courier(&provider, right).round().await.unwrap();
    let mails = guarded.taken(1).await;
    assert_eq!((&mails[0].0["tls"], &mails[0].0["authenticated"]), (&true.into(), &true.into()));
    assert_eq!(plain.taken_by_now(), 0);
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn a_program_with_a_mail_section_sends_and_one_without_keeps_nothing() {
    let house = House::build();
    let server = MailServer::start().await;
    house.write("UPDATE account SET email = login || '@famille.example'").await;
    let force = |mail: bool| {
        let at = format!("mail.server=127.0.0.1:{}", server.port);
        let settings = ["--set", at.as_str(), "--set", "mail.tls=none", "--set", "mail.from=a@ac.example"];
        let settings = if mail { &settings[..] } else { &[] };
        let arguments = [&["account", "force-change", "--level", "change", "eleve3"], settings].concat();
        house.run(&arguments);
    };
    force(false);
    assert_eq!(house.number(MAILS).await, 0);
    force(true);
    assert_eq!(house.number(WAITING).await, 1);
    let at = format!("mail.server=127.0.0.1:{}", server.port);
    let mut running = house.serve_at(&house.issuer, &[&at, "mail.tls=none", "mail.from=a@ac.example"]).await;
    let mails = server.taken(1).await;
    assert_eq!(
        (mails[0].to().as_str(), mails[0].0["from"].as_str()),
        ("eleve3@famille.example", Some("a@ac.example"))
    );
    running.kill().unwrap();
    running.wait().unwrap();
}

#[tokio::test]
#[ignore = "scripts/smtp.sh"]
async fn signing_out_is_no_business_of_the_mail_server() {
    let provider = Provider::start_with(wish()).await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let server = MailServer::start().await;
    let browser = activate(&provider, "zoe").await;
    write(&provider, ADDRESSES).await;
    arrive(&portal, &browser).await;
    let page = browser.go("/logout").await;
    browser.submit(&page, "/logout/confirm", &[]).await;
    courier(&provider, server.mailer()).round().await.unwrap();
    assert_eq!((receiver.tokens().len(), server.taken_by_now()), (1, 0));
}
