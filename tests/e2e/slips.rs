//! Printing codes: for a class, for an order; who gets a slip and what it opens.

use ecluse::domain::code::printed;
use ecluse::domain::level::Level;
use ecluse::domain::reset_order::OrderId;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::print_slips::{Printed, Selection, print_slips};
use ecluse::store;
use ecluse::store::db::{Batch, Statement};

use crate::browser::Browser;
use crate::provider::{FIRST_PASSWORD, Provider, operator};
use crate::sign_in::activate;

/// Login and code of every slip, in the order of printing.
async fn print(
    provider: &Provider,
    territory: &str,
    order: Option<OrderId>,
) -> (Vec<(String, String)>, Printed) {
    let code = TerritoryCode::parse(territory).unwrap();
    let place = store::territory::find(&provider.ctx.db, &code).await.unwrap().unwrap();
    let selection = Selection { territory: place.path, order };
    let mut slips = Vec::new();
    let printed = print_slips(&provider.ctx, &operator(), &selection, |slip| {
        slips.push((slip.person.login.clone(), printed(&slip.code).expose().to_owned()));
        Ok(())
    })
    .await
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
