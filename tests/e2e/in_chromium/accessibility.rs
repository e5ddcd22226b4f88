//! axe-core on every page, on a telephone and on a desk, by day and by night.

use std::time::Duration;

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::flows::account::reset_factor::reset_factor;
use ecluse::flows::reset_order::roll_up::round;

use super::desk::Desk;
use super::{NEW_PASSWORD, School, change, sign_in};
use crate::chromium::{Chromium, Kind};
use crate::provider::{FIRST_PASSWORD, Provider, Wish, operator};
use crate::sign_in::activate;

/// What was found so far. It fails at the end, so that one run tells everything.
struct Review(Vec<String>);

impl Review {
    async fn of(&mut self, page: &str, browser: &Chromium) {
        let complaints = browser.complaints().await;
        self.0.extend(complaints.into_iter().map(|complaint| format!("{page}, {complaint}")));
    }

    fn end(&self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core: make test"]
async fn of_what_pupils_see_at_the_gate() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Change).await;
    let browser = Chromium::start(Kind::PHONE).await;
    let mut review = Review(Vec::new());

    browser.open(&school.portal.address).await;
    review.of("portal", &browser).await;
    browser.press("sign-in").await;
    browser.see("login").await;
    review.of("sign-in", &browser).await;
    sign_in(&browser, "zoe", "Faux-mot7").await;
    browser.see("errors").await;
    review.of("sign-in refused", &browser).await;
    browser.fill("password", FIRST_PASSWORD).await;
    browser.press("sign-in").await;
    browser.see("new_password").await;
    review.of("change", &browser).await;
    browser.fill("current_password", FIRST_PASSWORD).await;
    browser.fill("new_password", "chat").await;
    browser.fill("confirmation", "chien").await;
    browser.press("next").await;
    browser.see("errors").await;
    review.of("change refused", &browser).await;
    browser.fill("current_password", FIRST_PASSWORD).await;
    browser.fill("new_password", NEW_PASSWORD).await;
    browser.fill("confirmation", NEW_PASSWORD).await;
    browser.press("next").await;
    browser.see("continue").await;
    review.of("changed", &browser).await;
    browser.press("continue").await;
    browser.see("who").await;
    review.of("portal with somebody", &browser).await;

    let own = |path: &str| format!("{}{path}", school.provider.issuer);
    for path in ["/", "/account/password", "/logout", "/authorize?client_id=nobody", "/nowhere"] {
        browser.open(&own(path)).await;
        review.of(path, &browser).await;
    }
    browser.open(&own("/console")).await;
    review.of("console of a pupil", &browser).await;
    browser.open(&own("/logout")).await;
    browser.see_css("main form button").await.click().await.unwrap();
    browser.see_css("main h1").await;
    review.of("signed out", &browser).await;
    browser.open(&own("/?ui_locales=en")).await;
    review.of("home with nobody, in English", &browser).await;
    review.end();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core: make test"]
async fn of_the_gradebooks_notice_and_of_the_change_after_it() {
    let school = School::open().await;
    activate(&school.provider, "zoe").await;
    school.provider.order(Level::Change).await;
    let browser = Chromium::start(Kind::DESKTOP).await;
    let mut review = Review(Vec::new());

    browser.open(&format!("{}/notes/mathematiques", school.gradebook.address)).await;
    sign_in(&browser, "zoe", FIRST_PASSWORD).await;
    browser.see("notice").await;
    review.of("notice", &browser).await;
    browser.press("change-now").await;
    change(&browser, FIRST_PASSWORD).await;
    browser.press("continue").await;
    browser.see("subject").await;
    review.of("notes", &browser).await;
    review.end();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core: make test"]
async fn of_how_an_operator_comes_in() {
    let provider = Provider::start().await;
    let mut review = Review(Vec::new());
    let teacher =
        Desk::hire(&provider, Kind::PHONE, ("mme.dupin", Role::ClassTeacher, "class:0860001J/6A")).await;
    review.of("enrol, with a list", &teacher).await;
    teacher.press("list").await;
    teacher.see_css(".codes").await;
    review.of("list", &teacher).await;

    let chief = ("chef", Role::Authority, "academie:13");
    let browser = Desk::hire(&provider, Kind::DESKTOP, chief).await;
    browser.fill("code", "000000").await;
    browser.press("enrol").await;
    browser.see("errors").await;
    review.of("enrol refused", &browser).await;
    let desk = Desk::set_up(&provider, browser).await;
    review.of("recovery codes", &desk.browser).await;

    let elsewhere = desk.elsewhere(Kind::PHONE, "chef").await;
    review.of("factor", &elsewhere).await;
    elsewhere.fill("code", "000000").await;
    elsewhere.press("show-factor").await;
    elsewhere.see("errors").await;
    review.of("factor refused", &elsewhere).await;

    drop(reset_factor(&provider.ctx, &operator(), "chef").await.unwrap().unwrap());
    // Whoever signed in before the second factor was taken away does not need it.
    provider.clock.advance(Duration::from_secs(1));
    let elsewhere = Chromium::start(Kind::PHONE).await;
    elsewhere.open(&format!("{}/console", provider.issuer)).await;
    sign_in(&elsewhere, "chef", super::desk::PASSWORD).await;
    elsewhere.see("permit").await;
    review.of("leave to set up", &elsewhere).await;
    review.end();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core: make test"]
async fn of_people_at_the_console() {
    let provider = Provider::start().await;
    let mut review = Review(Vec::new());
    let desk = Desk::open(&provider, Kind::DESKTOP, ("anne", Role::Authority, "academie:13")).await;
    let browser = &desk.browser;
    review.of("home", browser).await;
    for path in ["/people", "/people?q=Essai", "/people?q=personne", "/people/zoe", "/people/nobody"] {
        desk.go(path).await;
        review.of(path, browser).await;
    }
    desk.go("/people/zoe").await;
    browser.press("code").await;
    browser.see_css(".slip-page").await;
    review.of("slip", browser).await;
    browser.press("continue").await;
    browser.press("unlock").await;
    browser.see_css("[role=status]").await;
    review.of("person after an act", browser).await;
    activate(&provider, "tom").await;
    desk.go("/people?q=").await;
    browser.see("who-tom").await.click().await.unwrap();
    browser.see("who-lea").await.click().await.unwrap();
    browser.press("chosen").await;
    browser.see("confirmed").await;
    review.of("selection", browser).await;
    browser.fill("reason", "Mots de passe volés").await;
    browser.fill("confirmed", "3").await;
    browser.press("require").await;
    browser.see("errors").await;
    review.of("selection refused", browser).await;
    browser.fill("confirmed", "1").await;
    browser.press("require").await;
    browser.see("told").await;
    review.of("required", browser).await;
    for path in ["/audit", "/audit?about=nobody", "/audit?from=yesterday"] {
        desk.go(path).await;
        review.of(path, browser).await;
    }
    desk.go("/people/m.blanc").await;
    browser.see_css("details summary").await.click().await.unwrap();
    review.of("a role to give", browser).await;
    browser.see_css("#role option[value=authority]").await.click().await.unwrap();
    browser.press("give").await;
    browser.see_css("[role=status]").await;
    review.of("a role asked for", browser).await;
    desk.go("/roles").await;
    review.of("roles", browser).await;
    let bruno = Desk::open(&provider, Kind::PHONE, ("bruno", Role::Authority, "academie:13")).await;
    review.of("home where a role waits", &bruno.browser).await;
    bruno.browser.press("roles-waiting").await;
    bruno.browser.see_css("[id^=approve-]").await.click().await.unwrap();
    bruno.browser.see("told").await;
    review.of("roles, one just approved", &bruno.browser).await;
    desk.go("").await;
    browser.press("renew-codes").await;
    browser.see_css(".codes").await;
    review.of("new recovery codes", browser).await;
    review.end();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core: make test"]
async fn of_places_at_the_console() {
    let provider = Provider::start().await;
    let mut review = Review(Vec::new());
    for (kind, login) in [(Kind::PHONE, "anne"), (Kind::DESKTOP, "bruno")] {
        let desk = Desk::open(&provider, kind, (login, Role::Authority, "academie:13")).await;
        let browser = &desk.browser;
        provider.slip("zoe").await;
        let school = "/places?at=uai:0860001J";
        let class = "/places?at=class:0860001J/6A";
        let staff = "/places?at=uai:0860001J&profile=National_ENS";
        let wide = "/places?at=academie:13&profile=National_ENS";
        for path in ["/places", wide, school, class, staff, "/places?at=nowhere"] {
            desk.go(path).await;
            review.of(path, browser).await;
        }
        desk.go(class).await;
        browser.see("who-zoe").await.click().await.unwrap();
        browser.press("hand-over").await;
        browser.see("told").await;
        review.of("ticked", browser).await;
        browser.see("who-zoe").await.click().await.unwrap();
        browser.press("take-back").await;
        browser.see("told").await;
        review.of("not ticked after all", browser).await;
    }
    review.end();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core: make test"]
async fn of_orders_at_the_console() {
    let two = Wish::settings(|settings| settings.orders.approval_above = 2);
    let provider = Provider::start_with(two).await;
    activate(&provider, "zoe").await;
    let mut review = Review(Vec::new());
    let anne = Desk::open(&provider, Kind::DESKTOP, ("anne", Role::Authority, "academie:13")).await;
    let browser = &anne.browser;
    for path in ["/orders", "/orders/nothing", "/orders/new"] {
        anne.go(path).await;
        review.of(path, browser).await;
    }
    browser.fill("other", "uai:9999999A").await;
    browser.fill("reason", "Mots de passe volés").await;
    browser.press("check-order").await;
    browser.see("errors").await;
    review.of("new order refused", browser).await;
    browser.see("other").await.clear().await.unwrap();
    browser.press("check-order").await;
    browser.fill("confirmed", "7").await;
    review.of("check", browser).await;
    browser.press("issue-order").await;
    browser.see("errors").await;
    review.of("check refused", browser).await;
    let covered = browser.text("covered").await;
    browser.fill("confirmed", &covered).await;
    provider.clock.advance(Duration::from_mins(6));
    browser.press("issue-order").await;
    browser.see("show-factor").await;
    review.of("factor once more", browser).await;
    browser.fill("code", &anne.app.digits()).await;
    browser.press("show-factor").await;
    browser.see("go-on").await;
    review.of("go on", browser).await;
    browser.press("go-on").await;
    browser.see("state").await;
    review.of("order that waits", browser).await;
    anne.go("/orders").await;
    review.of("orders", browser).await;

    let bruno = Desk::open(&provider, Kind::PHONE, ("bruno", Role::Authority, "academie:13")).await;
    review.of("home where something waits", &bruno.browser).await;
    bruno.browser.see_css(".orders a").await.click().await.unwrap();
    bruno.browser.see("approve-submit").await;
    review.of("order to approve", &bruno.browser).await;
    bruno.browser.press("approve-submit").await;
    bruno.browser.see("cancel-submit").await;
    round(&provider.ctx).await.unwrap();
    bruno.browser.client.refresh().await.unwrap();
    bruno.browser.see("done").await;
    review.of("order in force", &bruno.browser).await;
    let report = bruno.browser.see("report").await.prop("href").await.unwrap().unwrap();
    for page in ["/report", "/families", "/schools/uai:0860001J"] {
        bruno.browser.open(&report.replace("/report", page)).await;
        review.of(page, &bruno.browser).await;
    }
    anne.go("/orders/new").await;
    browser.fill("reason", "À préparer").await;
    browser.press("check-order").await;
    browser.press("leave-draft").await;
    browser.press("edit").await;
    review.of("draft", browser).await;
    review.end();
}
