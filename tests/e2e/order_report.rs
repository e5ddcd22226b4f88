//! What there is to read of an order, as operators read it: the report, class by class, who is left, the notices that failed,
//! and what families are told.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::flows::reset_order::cancel::close;
use ecluse::flows::reset_order::come_into_force::harden;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::flows::reset_order::roll_up::round;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::notices::{arrive, number};
use crate::provider::{FIRST_PASSWORD, Provider, operator, proposal};
use crate::receiver::{Manner, Receiver};
use crate::sign_in::activate;

const NEW_PASSWORD: &str = "Chat-noir7";

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

async fn write(provider: &Provider, sql: &'static str) {
    provider.ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())])).await.unwrap();
}

/// The text of an element with this id.
fn text<'a>(page: &'a Page, id: &str) -> &'a str {
    let rest = page.body.split(&format!("id=\"{id}\"")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no {id} on {}", page.body));
    rest.split_once('>').unwrap().1.split('<').next().unwrap()
}

async fn changes(provider: &Provider, login: &str) {
    let browser = Browser::new(&provider.issuer);
    let page = browser.sign_in(&browser.go("/login").await, login, FIRST_PASSWORD).await;
    let page = browser.change(&page, FIRST_PASSWORD, NEW_PASSWORD).await;
    assert!(page.is_success(), "{}", page.body);
}

async fn later(provider: &Provider, span: Duration) {
    provider.clock.advance(span);
    round(&provider.ctx).await.unwrap();
}

fn report(id: &OrderId) -> String {
    format!("/console/orders/{id}/report")
}

/// A page without the names of columns that telephones show beside each cell.
fn unlabelled(page: &Page) -> String {
    let mut parts = page.body.split(" data-label=\"");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |page, part| page + part.split_once('"').unwrap().1)
}

#[tokio::test]
async fn a_report_says_how_it_went_and_stays_as_it_was_when_the_order_was_closed() {
    let provider = Provider::start().await;
    for login in ["zoe", "tom", "lea"] {
        activate(&provider, login).await;
    }
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let deadline = provider.clock.now().plus(Duration::from_hours(24));
    let order = Proposal {
        never_activated: true,
        deadline: Some(deadline),
        ..proposal("academie:13", Level::Change)
    };
    let id = provider.issue(&order).await;
    let before = anne.go(&report(&id)).await;
    assert_eq!(
        (before.status, text(&before, "standing")),
        (StatusCode::OK, "Personne n’a encore été compté.")
    );
    round(&provider.ctx).await.unwrap();
    later(&provider, Duration::from_hours(1)).await;
    changes(&provider, "zoe").await;
    later(&provider, Duration::from_mins(20)).await;
    changes(&provider, "tom").await;
    provider.slip("lea").await;
    later(&provider, Duration::from_mins(1)).await;
    let page = anne.go(&report(&id)).await;
    assert!(text(&page, "standing").contains("La campagne n’est pas close"), "{}", page.body);
    let counts = ["covered", "done", "left", "printed", "half", "most"].map(|id| text(&page, id));
    assert_eq!(counts, ["5", "2", "1", "1", "1\u{a0}h 21\u{a0}min", "pas encore atteint"]);
    assert!(page.body.contains("jamais activées"), "two are spared, and why: {}", page.body);
    assert!(page.body.contains("stolen passwords") && text(&page, "approved").contains("Personne d’autre"));

    // The deadline hardens it.
    provider.clock.advance(Duration::from_hours(24));
    harden(&provider.ctx).await.unwrap();
    round(&provider.ctx).await.unwrap();
    let anne = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    let page = anne.go(&report(&id)).await;
    assert!(
        page.body.contains("l’ancien mot de passe n’ouvre plus rien à qui avait un code"),
        "{}",
        page.body
    );

    close(&provider.ctx, &operator(), &id).await.unwrap().unwrap();
    let page = anne.go(&report(&id)).await;
    assert!(text(&page, "standing").contains("le dernier compte est en cours"), "{}", page.body);
    later(&provider, Duration::from_secs(1)).await;
    let last = anne.go(&report(&id)).await;
    assert!(text(&last, "standing").starts_with("Compte définitif"), "{}", last.body);
    write(&provider, "DELETE FROM affiliation WHERE account_id = 'lea'").await;
    later(&provider, Duration::from_mins(10)).await;
    assert_eq!(anne.go(&report(&id)).await.body, last.body, "it is kept");
}

#[tokio::test]
async fn a_school_reads_its_own_part_and_goes_down_to_its_classes() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let school = desk(&provider, "principal", Role::SchoolAdmin, "uai:0860001J").await;
    let id = provider.order(Level::Change).await;
    changes(&provider, "zoe").await;
    round(&provider.ctx).await.unwrap();
    let page = school.go(&report(&id)).await;
    assert!(page.body.contains("Vous voyez la part de votre territoire."), "{}", page.body);
    assert!(
        !page.body.contains("Collège du Port") && !page.body.contains("id=\"services\""),
        "{}",
        page.body
    );
    assert_eq!((text(&page, "covered"), text(&page, "done")), ("3", "1"));
    let page = school.go(&format!("/console/orders/{id}")).await;
    assert!(!page.body.contains("class=\"curve\""), "the curve is everybody's");
    let down = page.body.split("href=\"").find(|rest| rest.contains("/schools/")).unwrap();
    let classes = school.go(down.split('"').next().unwrap()).await;
    assert_eq!(text(&classes, "done"), "1 sur 3 ont choisi un nouveau mot de passe");
    for row in [
        "<th scope=\"row\"><a href=\"/console/places?at=class%3A0860001J%2F6A\">6A</a></th><td class=\"word\">Élève</td><td class=\"must\">1 <span class=\"mark\">à changer</span></td><td>0</td><td>1</td>",
        "<th scope=\"row\">Sans classe</th><td class=\"word\">Enseignant</td><td class=\"must\">1 ",
    ] {
        assert!(unlabelled(&classes).contains(row), "{}", classes.body);
    }
    let class = school.go("/console/places?at=class%3A0860001J%2F6A").await;
    assert!(class.body.contains("/console/people/tom"), "{}", class.body);
    // Whoever reads no people is not led to them.
    let auditor = desk(&provider, "audit", Role::Auditor, "uai:0860001J").await;
    let seen = auditor.go(&classes.url).await;
    assert!(seen.body.contains("<th scope=\"row\">6A</th>"), "{}", seen.body);
    for elsewhere in ["uai:0169001X", "class:0860001J/6A", "nowhere"] {
        let page =
            school.go(&format!("/console/orders/{id}/schools/{}", elsewhere.replace('/', "%2F"))).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{elsewhere}");
    }
    let other = provider.order_for("uai:0169001X", Level::Change).await;
    for page in ["report", "families", "left", "schools/uai:0169001X"] {
        let page = school.go(&format!("/console/orders/{other}/{page}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_curve_is_drawn_and_told_and_numbers_have_words() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let id = provider.order(Level::Change).await;
    round(&provider.ctx).await.unwrap();
    provider.clock.advance(Duration::from_mins(30));
    changes(&provider, "zoe").await;
    provider.clock.advance(Duration::from_mins(30));
    round(&provider.ctx).await.unwrap();
    let page = anne.go(&format!("/console/orders/{id}")).await;
    assert!(text(&page, "curve-text").contains("de 0 à 1 personnes sur 5"), "{}", page.body);
    assert!(page.body.contains("d=\"M0 180H0V180H680V144H680\""), "{}", page.body);
    assert!(page.body.contains("<details>") && !page.body.contains("style=\""));
    assert!(
        unlabelled(&page).contains("class=\"must\">2 <span class=\"mark\">à changer</span>"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn who_is_left_is_a_table_of_the_own_people_and_is_written_down() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    write(&provider, "UPDATE account SET family_name = '=HYPERLINK(\"http://x\")' WHERE id = 'tom'").await;
    let school = desk(&provider, "principal", Role::SchoolAdmin, "uai:0860001J").await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let auditor = desk(&provider, "audit", Role::Auditor, "academie:13").await;
    let id = provider.order(Level::Change).await;
    changes(&provider, "zoe").await;
    provider.slip_at("class:0860001J/6A", "tom").await;
    round(&provider.ctx).await.unwrap();
    let page = school.go(&format!("/console/orders/{id}")).await;
    assert!(page.body.contains(&format!("href=\"/console/orders/{id}/left\"")), "{}", page.body);
    let list = school.go(&format!("/console/orders/{id}/left")).await;
    assert_eq!(list.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(list.header("content-disposition").starts_with("attachment; filename=\"left-"));
    assert_eq!(
        list.body,
        "\u{feff}Établissement;UAI;Classe;Profil;Nom;Prénom;Identifiant;Code imprimé\n\
         Collège des Tilleuls;0860001J;;National_ENS;Essai;m.blanc;m.blanc;non\n\
         Collège des Tilleuls;0860001J;6A;National_ELV;\"'=HYPERLINK(\"\"http://x\"\")\";tom;tom;oui\n"
    );
    let all = anne.go(&format!("/console/orders/{id}/left")).await;
    assert_eq!(all.body.lines().count(), 5, "{}", all.body);
    let one = anne.go(&format!("/console/orders/{id}/left?place=uai:0169001X")).await;
    assert!(
        one.body.lines().skip(1).all(|line| line.starts_with("Collège du Port;0169001X;5B;")),
        "{}",
        one.body
    );
    assert_eq!(one.body.lines().count(), 3);
    for (browser, path) in
        [(&school, "left?place=uai:0169001X"), (&school, "left?place=nowhere"), (&auditor, "left")]
    {
        let page = browser.go(&format!("/console/orders/{id}/{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path} {}", page.body);
    }
    assert_eq!(number(&provider, "SELECT COUNT(*) FROM audit WHERE act = 'order.export'").await, 3);
    let own = "SELECT COUNT(*) FROM audit WHERE act = 'order.export' AND actor = 'account:principal'
         AND territory LIKE '%uai:0860001J'";
    assert_eq!(number(&provider, own).await, 1);
}

#[tokio::test]
async fn what_services_were_told_in_vain_is_on_the_page_and_is_sent_again() {
    let provider = Provider::start().await;
    let receiver = Receiver::start().await;
    let portal = receiver.of(&provider, "portal").await;
    let zoe = activate(&provider, "zoe").await;
    arrive(&portal, &zoe).await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let school = desk(&provider, "principal", Role::SchoolAdmin, "uai:0860001J").await;
    receiver.behaves(Manner::Answers(503));
    provider.clock.advance(Duration::from_secs(1));
    let id = provider.order(Level::Recover).await;
    for _ in 0..4 {
        provider.courier().round().await.unwrap();
        provider.clock.advance(Duration::from_mins(1));
    }
    round(&provider.ctx).await.unwrap();
    let address = format!("/console/orders/{id}");
    let page = anne.go(&address).await;
    assert!(page.body.contains("id=\"failed-notices\"") && page.body.contains("503"), "{}", page.body);
    assert!(!school.go(&address).await.body.contains("id=\"failed-notices\""), "a part says nothing of all");
    let refused = school.submit(&page, "/retry", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "the form was made for another session");
    receiver.behaves(Manner::Answers(200));
    let sent = anne.submit(&page, "/retry", &[]).await;
    assert!(!sent.body.contains("id=\"failed-notices\""), "{}", sent.body);
    receiver.tokens();
    provider.courier().round().await.unwrap();
    assert_eq!(receiver.tokens().len(), 1);
    later(&provider, Duration::from_mins(1)).await;
    let page = anne.go(&report(&id)).await;
    assert!(unlabelled(&page).contains("<td>1</td><td>0</td><td>0</td>"), "{}", page.body);
    // What was delivered is forgotten, and the report is not.
    write(&provider, "DELETE FROM notice").await;
    later(&provider, Duration::from_mins(1)).await;
    assert!(unlabelled(&anne.go(&report(&id)).await).contains("<td>1</td><td>0</td><td>0</td>"));
}

#[tokio::test]
async fn families_are_told_in_both_languages_and_are_given_no_link() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let deadline = provider.clock.now().plus(Duration::from_hours(72));
    let order = Proposal { deadline: Some(deadline), ..proposal("uai:0860001J", Level::Change) };
    let id = provider.issue(&order).await;
    let page = anne.go(&format!("/console/orders/{id}/families")).await;
    let notices = page.body.split("<article").skip(1).collect::<Vec<_>>();
    assert_eq!(notices.len(), 2, "{}", page.body);
    for (notice, words) in notices
        .iter()
        .zip([["lang=\"fr\"", "24\u{a0}novembre 2026"], ["lang=\"en\"", "24\u{a0}November 2026"]])
    {
        let notice = notice.split("</article>").next().unwrap();
        assert!(words.iter().all(|word| notice.contains(word)), "{notice}");
        assert!(
            notice.contains(&format!("{}/login", provider.issuer)) && notice.contains("Collège des Tilleuls")
        );
        assert!(!notice.contains("<a ") && !notice.contains("href"), "{notice}");
    }
    let id = provider.order_for("uai:0860001J", Level::Recover).await;
    let page = anne.go(&format!("/console/orders/{id}/families")).await;
    assert!(page.body.contains("remet à chacun un code personnel sur papier"), "{}", page.body);
}
