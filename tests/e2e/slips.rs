//! Printing codes: for a class, for an order; who gets a slip and what it opens.

use std::time::Duration;

use ecluse::domain::code::printed;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::territory::{TerritoryCode, TerritoryPath};
use ecluse::flows::account::disable::disable;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::grant_role::grant_role;
use ecluse::flows::print_slips::{Printed, Selection, Slip, print_slips};
use ecluse::flows::reset_order::come_into_force::come_into_force;
use ecluse::flows::reset_order::issue::Proposal;
use ecluse::flows::step::Step;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator, proposal};
use crate::sign_in::activate;
use crate::stop::Stop;

/// Login and code of every slip, in the order of printing.
async fn print(
    provider: &Provider,
    territory: &str,
    order: Option<OrderId>,
) -> (Vec<(String, String)>, Printed) {
    let code = TerritoryCode::parse(territory).unwrap();
    let place = store::territory::find(&provider.ctx.db, &code).await.unwrap().unwrap();
    let selection = Selection::everybody(place.path, order);
    let mut slips = Vec::new();
    let printed = print_slips(&provider.ctx, &operator(), &selection, |slip| {
        slips.push((slip.person.login.clone(), printed(&slip.code).expose().to_owned()));
        Ok(())
    })
    .await
    .unwrap()
    .unwrap();
    (slips, printed)
}

async fn opens_the_page(provider: &Provider, login: &str, code: &str) -> bool {
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    browser.sign_in(&page, login, code).await.is_change()
}

#[tokio::test]
async fn a_school_prints_first_codes_by_class_and_name_and_prints_the_same_ones_again() {
    let provider = Provider::start().await;
    let (slips, printed) = print(&provider, "uai:0860001J", None).await;
    let logins: Vec<_> = slips.iter().map(|(login, _)| login.as_str()).collect();
    assert_eq!(logins, ["m.blanc", "tom", "zoe"], "the staff, then the class, by name");
    assert_eq!(printed.slips, 3);
    assert!(opens_the_page(&provider, "zoe", &slips[2].1).await);
    let (again, _) = print(&provider, "uai:0860001J", None).await;
    assert_eq!(again, slips, "printing shows the live code again");
    provider.new_code("zoe").await;
    assert!(!opens_the_page(&provider, "zoe", &slips[2].1).await, "a new code kills the one before");
}

#[tokio::test]
async fn an_orders_codes_exist_at_once_for_those_it_binds_and_are_dead_once_used() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    activate(&provider, "lea").await;
    let order = provider.order_for("uai:0860001J", Level::Recover).await;
    let (slips, _) = print(&provider, "academie:13", Some(order.clone())).await;
    let logins: Vec<_> = slips.iter().map(|(login, _)| login.as_str()).collect();
    assert_eq!(logins, ["m.blanc", "tom", "zoe"], "lea is at another school");
    let code = &slips[2].1;

    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    let page = browser.sign_in(&page, "zoe", code).await;
    let page = browser.change(&page, "", "Chat-noir7").await;
    assert!(page.is_success(), "{}", page.body);
    let (after, printed) = print(&provider, "academie:13", Some(order)).await;
    assert!(after.iter().all(|(login, _)| login != "zoe"), "a used code prints no more");
    assert_eq!(printed.open, 2, "zoe, who changed, and lea");
    assert!(!opens_the_page(&provider, "zoe", code).await);
}

#[tokio::test]
async fn an_operator_gets_no_slip_and_no_orders_code_but_one_issued_in_person() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let grant = Statement::new(
        "INSERT INTO operator_role (account_id, role, path, began) VALUES ($1, 'school_admin', $2, 0)",
        vec!["m.blanc".into(), provider.person("m.blanc").await.facts.affiliations[0].path.as_str().into()],
    );
    provider.ctx.db.run(Batch::plain(vec![grant])).await.unwrap();
    let logins = ["m.blanc".to_owned()];
    force_change(&provider.ctx, &operator(), Level::Recover, &logins).await.unwrap().unwrap();
    let (slips, printed) = print(&provider, "uai:0860001J", None).await;
    assert!(slips.iter().all(|(login, _)| login != "m.blanc"));
    assert_eq!(printed.operators, ["m.blanc"]);
    assert!(!opens_the_page(&provider, "m.blanc", FIRST_PASSWORD).await);
    let code = provider.new_code("m.blanc").await;
    assert!(opens_the_page(&provider, "m.blanc", &code).await);
}

/// Everybody of a school is decided for at once; what happens to one of them must show, and change nothing for the others.
#[tokio::test]
async fn what_happens_while_slips_are_decided_is_seen_before_they_are_handed_out() {
    let stop = Stop::new();
    let provider = Provider::start_with(Wish { steps: stop.steps(), ..Wish::default() }).await;
    let leave = |login: &'static str| async {
        assert_eq!(disable(&provider.ctx, &operator(), &[login.to_owned()]).await.unwrap(), Ok(1));
    };
    let before = printed_lines(&provider).await;
    let printing = print(&provider, "uai:0860001J", None);
    let ((slips, printed), ()) = stop.between(Step::SlipsDecided, printing, leave("tom")).await;
    let logins: Vec<_> = slips.iter().map(|(login, _)| login.as_str()).collect();
    assert_eq!(logins, ["m.blanc", "zoe"], "nobody else lost the slip or the place in the list");
    assert_eq!(printed.slips, 2);
    assert_eq!(printed_lines(&provider).await, before + 2, "one line for each slip, and none for tom");
    assert!(opens_the_page(&provider, "zoe", &slips[1].1).await);

    // The same where codes are alive already.
    let printing = print(&provider, "uai:0860001J", None);
    let ((slips, _), ()) = stop.between(Step::SlipsDecided, printing, leave("zoe")).await;
    assert_eq!(slips.len(), 1);
    assert_eq!(printed_lines(&provider).await, before + 3);

    let printing = print(&provider, "uai:0860001J", None);
    let ordering = provider.order_for("uai:0860001J", Level::Recover);
    let ((slips, _), _) = Box::pin(stop.between(Step::SlipsDecided, printing, ordering)).await;
    assert!(opens_the_page(&provider, "m.blanc", &slips[0].1).await, "the slip bears the code of the order");
}

/// How many prints the audit log knows of.
async fn printed_lines(provider: &Provider) -> i64 {
    let sql = "SELECT COUNT(*) AS lines FROM audit WHERE act = 'code.print'";
    let row = provider.ctx.db.one(Statement::new(sql, Vec::new())).await.unwrap().unwrap();
    row.int("lines").unwrap()
}

#[tokio::test]
async fn a_slip_is_handed_out_where_somebody_is_now() {
    let provider = Provider::start().await;
    let class = |name: &str| TerritoryCode::parse(&format!("class:0860001J/{name}")).unwrap();
    let old = store::territory::find(&provider.ctx.db, &class("6A")).await.unwrap().unwrap();
    let school = old.path.as_str().rsplit_once('>').unwrap().0.to_owned();
    let new = store::territory::Territory {
        path: TerritoryPath::from_stored(format!("{school}>class:0860001J/6Z")),
        code: class("6Z"),
        name: "6Z".to_owned(),
    };
    let parent = TerritoryCode::parse("uai:0860001J").unwrap();
    let end = |login: &str| {
        let sql = "UPDATE affiliation SET ended = (SELECT value FROM order_clock) WHERE account_id = $1";
        Statement::new(sql, vec![login.into()])
    };
    let arrive = Statement::new(
        "INSERT INTO affiliation (account_id, path, profile, began)
         VALUES ('zoe', $1, 'National_ELV', (SELECT value FROM order_clock))",
        vec![new.path.as_str().into()],
    );
    let put = store::territory::put(&new, Some(&parent), provider.clock.now());
    let order = provider.order_for("class:0860001J/6A", Level::Recover).await;
    provider.ctx.db.run(Batch::plain(vec![put, end("zoe"), end("tom"), arrive])).await.unwrap();

    let selection = Selection::everybody(TerritoryPath::from_stored(school), None);
    let mut slips = Vec::new();
    let out = |slip: Slip| {
        slips.push((slip.person.login, slip.place.name.clone()));
        Ok(())
    };
    print_slips(&provider.ctx, &operator(), &selection, out).await.unwrap().unwrap();
    let expected = [("m.blanc", "Collège des Tilleuls"), ("zoe", "6Z")];
    let slips: Vec<_> = slips.iter().map(|(login, place)| (login.as_str(), place.as_str())).collect();
    assert_eq!(slips, expected, "zoe moved, and tom left: his code is no business of this school any more");
    let (bound, _) = print(&provider, "uai:0860001J", Some(order)).await;
    let logins: Vec<_> = bound.iter().map(|(login, _)| login.as_str()).collect();
    assert_eq!(logins, ["tom", "zoe"], "leaving does not free: whom the order binds needs its code");
}

/// A slip that was printed for everybody must not open the account of somebody with a role over others.
#[tokio::test]
async fn a_role_ends_the_slips_of_before() {
    let provider = Provider::start().await;
    let (slips, _) = print(&provider, "uai:0860001J", None).await;
    let (login, code) = &slips[0];
    assert!(login == "m.blanc" && opens_the_page(&provider, login, code).await);
    let school = TerritoryCode::parse("uai:0860001J").unwrap();
    grant_role(&provider.ctx, &operator(), login, Role::SchoolAdmin, &school).await.unwrap().unwrap();
    assert!(!opens_the_page(&provider, login, code).await);
}

/// An order that is due binds already, though its number comes later: a role that is given in between spares nobody.
#[tokio::test]
async fn a_role_given_while_an_order_is_due_does_not_free() {
    let provider = Provider::start().await;
    activate(&provider, "m.blanc").await;
    let at = Some(provider.clock.now().plus(Duration::from_secs(1)));
    provider.issue(&Proposal { at, ..proposal("academie:13", Level::Recover) }).await;
    provider.clock.advance(Duration::from_secs(1));
    let school = TerritoryCode::parse("uai:0860001J").unwrap();
    grant_role(&provider.ctx, &operator(), "m.blanc", Role::SchoolAdmin, &school).await.unwrap().unwrap();
    come_into_force(&provider.ctx).await.unwrap();
    let browser = Browser::new(&provider.issuer);
    let page = browser.go("/login").await;
    assert!(browser.sign_in(&page, "m.blanc", FIRST_PASSWORD).await.is_sign_in(), "the order binds");
}

/// The stricter of two orders decides, also where its deadline made it so; one print puts the slip right.
#[tokio::test]
async fn when_an_older_order_hardens_its_own_code_is_the_live_one_again() {
    let provider = Provider::start().await;
    activate(&provider, "zoe").await;
    let deadline = Some(provider.clock.now().plus(Duration::from_hours(48)));
    provider.issue(&Proposal { deadline, ..proposal("academie:13", Level::Change) }).await;
    let older = provider.slip("zoe").await;
    provider.order_for("class:0860001J/6A", Level::Change).await;
    let newer = provider.slip("zoe").await;
    assert!(
        opens_the_page(&provider, "zoe", &newer).await && !opens_the_page(&provider, "zoe", &older).await
    );

    provider.clock.advance(Duration::from_hours(48));
    assert!(
        opens_the_page(&provider, "zoe", &older).await && !opens_the_page(&provider, "zoe", &newer).await
    );
    assert!(!opens_the_page(&provider, "zoe", FIRST_PASSWORD).await);
    assert_eq!(provider.slip("zoe").await, older);
}
