//! `[mail]` as whoever runs it meets it: what the doctor says of the server, and words of a deployment's own. Ignored by a plain
//! `cargo test`, because it takes `scripts/smtp.sh`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use tokio::net::TcpListener;

use crate::deployment::House;
use crate::doctor::says;
use crate::mail_server::{MailServer, certificates};
use crate::ports::free_port;

const FROM: &str = "mail.from=Académie <a@ac.example>";

/// What the doctor says of mail under these settings.
fn said(house: &House, settings: &[&str]) -> String {
    let settings: Vec<_> = settings.iter().chain([&FROM]).flat_map(|setting| ["--set", setting]).collect();
    says(house, &settings, "mail")
}

fn keep(house: &House, name: &str, text: &str) -> String {
    let path = house.folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/smtp.sh"]
async fn the_doctor_says_whether_mail_would_go_and_sends_none() {
    let house = House::build();
    let output = house.command(&["doctor"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(" mail "), "nothing where no mail is sent: {text}");

    let (guarded, plain) = (MailServer::guarded().await, MailServer::start().await);
    let at = |port: u16| format!("mail.server=127.0.0.1:{port}");
    let (guarded_at, plain_at) = (at(guarded.port), at(plain.port));
    let roots = format!("mail.root_certificate_file={}/ca.pem", certificates());
    let right = format!("mail.password_file={}", keep(&house, "right", "Sel-de-mer-42\n"));
    let wrong = format!("mail.password_file={}", keep(&house, "wrong", "Sel-de-table\n"));
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_at = at(silent.local_addr().unwrap().port());
    let nobody = at(free_port());
    let (none, starttls, user) = ("mail.tls=none", "mail.tls=starttls", "mail.user=ecluse");
    let table: [(&[&str], &str, &str); 11] = [
        (&[&plain_at, none], "ok", " takes mail from a@ac.example over no TLS"),
        (&[&guarded_at, starttls, &roots, user, &right], "ok", " takes mail from a@ac.example over STARTTLS"),
        (
            &[&guarded_at, starttls, &roots, user, &wrong],
            "wrong",
            ": it did not let us in: answered 535: look at mail.user",
        ),
        (
            &[&guarded_at, starttls, &roots],
            "wrong",
            ": it takes no mail from a@ac.example: answered 530: look at mail.from",
        ),
        (
            &[&guarded_at, starttls],
            "wrong",
            ": the connection is not what the settings say (invalid peer certificate",
        ),
        (&[&plain_at, starttls], "wrong", " (STARTTLS is not supported on this server): look at mail.tls"),
        (&[&plain_at], "wrong", ": the connection is not what the settings say ("),
        (&[&nobody], "wrong", ": nobody answers there (Connection refused"),
        (
            &["mail.server=nowhere.invalid:25"],
            "wrong",
            ": there is no nowhere.invalid that this machine finds",
        ),
        (&[&silent_at, "mail.timeout=1s"], "wrong", ": no answer in time: look at the port"),
        (&[&plain_at, starttls, user, "mail.password_file=none"], "wrong", "none: there is no such file"),
    ];
    for (settings, verdict, found) in table {
        let said = said(&house, settings);
        assert!(
            said.starts_with(&format!("{verdict} mail ")) && said.contains(found),
            "{settings:?}: {said}"
        );
        for secret in ["Sel-de", "U2VsLWRl"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    assert_eq!((guarded.taken_by_now(), plain.taken_by_now()), (0, 0), "not one mail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/smtp.sh"]
async fn a_deployments_own_words_are_sent_and_the_rest_stays() {
    let house = House::build();
    let server = MailServer::start().await;
    house.write("UPDATE account SET email = login || '@famille.example'").await;
    let own = "subject-change-asked = { $service }, nouveau mot de passe\n\
               hello = { \"\" }\n\
               what-change-asked = Le { $at }, le collège demande à { $login } de changer de mot de passe.\n";
    let french = format!("mail.letter_fr_file={}", keep(&house, "fr.ftl", own));
    let at = format!("mail.server=127.0.0.1:{}", server.port);
    let settings = [at.as_str(), "mail.tls=none", FROM, &french, "display.name=ENT des Tilleuls"];
    let flags: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    house.run(&[&["account", "force-change", "--level", "change", "eleve3"], &flags[..]].concat());
    let mut running = house.serve_at(&house.issuer, &settings).await;
    let mails = server.taken(1).await;
    let subject = mails[0].header("Subject").replace('\u{a0}', " ");
    assert_eq!(
        subject,
        "ENT des Tilleuls : ENT des Tilleuls, nouveau mot de passe / you are asked for a new password"
    );
    let body = mails[0].body().replace("\r\n", "\n");
    let (french, english) = body.split_once("\n\n* * *\n\n").unwrap();
    assert!(french.starts_with("Le ") && french.contains("le collège demande à eleve3 de changer"), "{body}");
    assert!(!french.contains("Bonjour") && french.contains("Personne ne vous demandera"), "{body}");
    assert!(english.starts_with("Hello,\n\nOn ") && english.contains("the account eleve3"), "{body}");
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn words_that_no_mail_may_say_are_refused_before_anything_is_sent() {
    let house = House::build();
    // Where a provider that starts all the same comes to its end.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    let check = |command: &str, own: &str, more: &[&str]| {
        fs::write(house.folder.path().join("en.ftl"), own).unwrap();
        let settings = ["--set", "mail.letter_en_file=en.ftl", "--set", &listen];
        let output = house.command(&[&[command], &settings[..], more].concat()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = check("check-config", "next-voided = Ring 05 49 00 00 00.\n", &[]);
    assert_eq!(code, 0, "{said}");
    for (own, why) in [
        ("next-voided = Click https://ent.example.fr now\n", "next-voided: has a link or an address; "),
        ("next-voided = { $code }\n", "next-voided speaks of $code; it may speak of $service, $login, $at"),
        (
            "subject-voided = a{ \"\\u000D\\u000A\" }Bcc: thief@evil.example\n",
            "subject-voided: is one line; ",
        ),
        ("subjekt = a\n", "has a message subjekt; known are subject-changed, "),
        ("subject-voided = { $login\n", "is not a Fluent file: "),
    ] {
        let (code, said) = check("check-config", own, &[]);
        assert_eq!(code, 1, "{own}: {said}");
        assert!(
            said.contains("mail.letter_en_file: ") && said.contains("en.ftl ") && said.contains(why),
            "{own}: {said}"
        );
    }
    // A provider does not start with them either, whether mail is sent or not.
    let (code, said) = check("serve", "next-voided = www.ent\n", &[]);
    assert!(code == 1 && said.contains("has a link or an address"), "{said}");
    let (code, said) = check("check-config", "", &["--set", "mail.letter_fr_file=gone.ftl"]);
    assert!(code == 1 && said.contains("gone.ftl cannot be read"), "{said}");
}
