//! Where a new order is begun: whoever may write one is led to the form, filled in for the place they look at, and nobody else is.

use ecluse::domain::operator::Role;
use reqwest::StatusCode;

use crate::browser::Page;
use crate::console::enrolled;
use crate::order_edits::filled;
use crate::provider::Provider;

/// Where a link leads.
fn link(page: &Page, id: &str) -> Option<String> {
    let rest = page.body.split(&format!("<a id=\"{id}\"")).nth(1)?;
    Some(rest.split("href=\"").nth(1)?.split('"').next()?.replace("&#38;", "&"))
}

#[tokio::test]
async fn whoever_may_write_no_order_is_not_led_to_the_form() {
    let provider = Provider::start().await;
    for (login, role, place, writes) in [
        ("audit", Role::Auditor, "academie:13", false),
        ("prof", Role::ClassTeacher, "class:0860001J/6A", false),
        ("aide", Role::Helpdesk, "uai:0860001J", false),
        ("principal", Role::SchoolAdmin, "uai:0860001J", true),
        ("anne", Role::Authority, "academie:13", true),
    ] {
        provider.hire(login, role, place).await;
        let (browser, ..) = enrolled(&provider, login).await;
        let list = browser.go("/console/orders").await;
        assert_eq!(list.status, StatusCode::OK);
        assert_eq!(link(&list, "new-order").is_some(), writes, "{login}: {}", list.body);
        let form = browser.go("/console/orders/new").await;
        let expected = if writes { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(form.status, expected, "{login}: {}", form.body);
    }
}

#[tokio::test]
async fn from_the_page_of_a_place_an_order_for_it_is_begun() {
    let provider = Provider::start().await;
    let class = ("class:0860001J/6A", Some("class:0860001J/6A"));
    for (login, role, place, offered) in [
        ("anne", Role::Authority, "academie:13", [Some("academie:13"), Some("uai:0860001J"), class.1]),
        ("principal", Role::SchoolAdmin, "uai:0860001J", [None, Some("uai:0860001J"), class.1]),
        ("aide", Role::Helpdesk, "uai:0860001J", [None; 3]),
        ("prof", Role::ClassTeacher, class.0, [None; 3]),
    ] {
        provider.hire(login, role, place).await;
        let (browser, ..) = enrolled(&provider, login).await;
        for (place, offered) in ["academie:13", "uai:0860001J", class.0].into_iter().zip(offered) {
            let page = browser.go(&format!("/console/places?at={place}")).await;
            let Some(order) = link(&page, "new-order-here") else {
                assert_eq!(offered, None, "{login} {place}: {}", page.body);
                continue;
            };
            assert_eq!(offered, Some(place), "{login}: {}", page.body);
            let form = browser.go(&order).await;
            let is_place = |(name, value): &(String, String)| {
                matches!(name.as_str(), "place" | "other") && value == place
            };
            assert!(filled(&form).iter().any(is_place), "{login} {place}: {}", form.body);
            let typed = filled(&form);
            let typed = typed.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let typed: Vec<_> =
                typed.filter(|(name, _)| *name != "reason").chain([("reason", "r")]).collect();
            let check = browser.submit(&form, "/console/orders/check", &typed).await;
            assert_eq!(check.status, StatusCode::OK, "{login} {place}: {}", check.body);
            let english = browser.go(&format!("{order}&ui_locales=en")).await;
            assert!(
                english.body.contains(&format!("place={}", place.replace(':', "%3A").replace('/', "%2F")))
            );
        }
    }
}
