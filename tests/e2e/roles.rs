//! Roles are given and taken at the console, and the one that reaches everybody takes two operators.

use std::time::Duration;

use ecluse::domain::account::AccountId;
use ecluse::domain::approval::Objection;
use ecluse::domain::code::printed;
use ecluse::domain::jurisdiction::Refusal;
use ecluse::domain::operator::Role;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::AccountError;
use ecluse::flows::account::approve_role::{ApproveRoleError, approve_role, refuse_role};
use ecluse::flows::account::grant_role::{GrantRoleError, Granted, grant_role};
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::account::reset_factor::reset_factor;
use ecluse::flows::account::revoke_role::revoke_role;
use ecluse::flows::actor::Actor;
use ecluse::flows::people::operators::waiting;
use ecluse::flows::step::Step;
use ecluse::store;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{Provider, Wish, operator};
use crate::stop::Stop;

const ACADEMIE: &str = "academie:13";
const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";

fn place(code: &str) -> TerritoryCode {
    TerritoryCode::parse(code).unwrap()
}

async fn holds(provider: &Provider, login: &str) -> Vec<Role> {
    let held = store::operator::held(&provider.ctx.db, &AccountId(login.to_owned())).await.unwrap();
    held.into_iter().map(|grant| grant.role).collect()
}

async fn ask(provider: &Provider, actor: &Actor, login: &str) -> Result<Granted, GrantRoleError> {
    grant_role(&provider.ctx, actor, login, Role::Authority, &place(ACADEMIE)).await.unwrap()
}

/// What Anne asked for, for a teacher.
async fn pending(provider: &Provider, anne: &Actor) -> String {
    match ask(provider, anne, "m.blanc").await {
        Ok(Granted::Pending(pending)) => pending.id,
        other => panic!("{other:?}"),
    }
}

async fn house(wish: Wish) -> (Provider, Actor, Actor) {
    let provider = Provider::start_with(wish).await;
    let anne = provider.hire("anne", Role::Authority, ACADEMIE).await;
    let bruno = provider.hire("bruno", Role::Authority, ACADEMIE).await;
    (provider, anne, bruno)
}

async fn lines(provider: &Provider, act: &str) -> Vec<(String, String, Option<String>)> {
    let lines = store::audit::unsealed(&provider.ctx.db, 1_000).await.unwrap().into_iter();
    lines.filter(|line| line.act == act).map(|line| (line.actor, line.object, line.reason)).collect()
}

fn give(page: &Page, role: &str, place: &str) -> Vec<(String, String)> {
    let mut form = page.fields("/roles");
    form.retain(|(name, _)| name == "csrf");
    form.extend(
        [("act", "give"), ("role", role), ("place", place)].map(|(k, v)| (k.to_owned(), v.to_owned())),
    );
    form
}

#[tokio::test]
async fn a_head_of_school_gives_a_role_and_takes_it_away() {
    let provider = Provider::start().await;
    provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
    let (chef, app, _) = enrolled(&provider, "chef").await;
    let page = chef.go("/console/people/m.blanc").await;
    for (offered, is) in
        [("class_teacher", true), ("helpdesk", true), ("authority", false), ("school_admin", false)]
    {
        assert_eq!(page.body.contains(&format!("<option value=\"{offered}\">")), is, "{offered}");
    }
    let path = "/console/people/m.blanc/roles";
    let refused = chef.post(path, &give(&page, "authority", SCHOOL)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    let outside = chef.post(path, &give(&page, "helpdesk", "uai:0169001X")).await;
    assert!(outside.status.is_client_error(), "{}", outside.body);
    for broken in [give(&page, "king", SCHOOL), give(&page, "helpdesk", "nowhere")] {
        assert!(chef.post(path, &broken).await.status.is_client_error());
    }
    let unsigned = give(&page, "helpdesk", SCHOOL).split_off(1);
    assert_eq!(chef.post(path, &unsigned).await.status, StatusCode::FORBIDDEN);
    assert_eq!(holds(&provider, "m.blanc").await, []);
    chef.post(path, &give(&page, "class_teacher", CLASS)).await;
    assert_eq!(holds(&provider, "m.blanc").await, [Role::ClassTeacher]);
    let list = chef.go("/console/roles").await;
    assert!(
        list.body.contains("/console/people/m.blanc") && list.body.contains("Professeur principal"),
        "{}",
        list.body
    );
    let page = chef.go("/console/people/m.blanc").await;
    provider.clock.advance(Duration::from_mins(6));
    let mut take = page.fields("/roles");
    take.retain(|(name, _)| name != "other");
    assert!(take.contains(&("act".to_owned(), "take".to_owned())), "{take:?}");
    let asked = chef.post(path, &take).await;
    assert!(asked.body.contains("id=\"show-factor\""), "{} {}", asked.status, asked.body);
    let resumed = chef.submit(&asked, "/console/factor", &[("code", &app.digits())]).await;
    let done = chef.submit(&resumed, "/roles", &[]).await;
    assert!(done.body.contains("Le rôle est retiré"), "{}", done.body);
    assert_eq!(holds(&provider, "m.blanc").await, []);
    assert_eq!(
        (lines(&provider, "operator.grant").await.len(), lines(&provider, "operator.revoke").await.len()),
        (1, 1)
    );
    // Why somebody did it on the host stands beside what they did.
    let local = Actor::local("root", Some("the secretary is ill".to_owned()));
    let helpdesk = grant_role(&provider.ctx, &local, "m.blanc", Role::Helpdesk, &place(SCHOOL)).await;
    assert_eq!(helpdesk.unwrap(), Ok(Granted::Held));
    let last = lines(&provider, "operator.grant").await.pop().unwrap();
    assert_eq!(last.2.as_deref(), Some("helpdesk over uai:0860001J: the secretary is ill"));
}

#[tokio::test]
async fn an_authority_is_made_by_two() {
    let (provider, ..) = house(Wish::default()).await;
    let (anne, ..) = enrolled(&provider, "anne").await;
    let (bruno, ..) = enrolled(&provider, "bruno").await;
    let page = anne.go("/console/people/m.blanc").await;
    let asked = anne.submit(&page, "/m.blanc/roles", &[("role", "authority"), ("place", ACADEMIE)]).await;
    assert!(asked.body.contains("Un autre opérateur doit"), "{} {}", asked.status, asked.body);
    assert_eq!(holds(&provider, "m.blanc").await, []);
    let again = anne.submit(&page, "/m.blanc/roles", &[("role", "authority"), ("place", ACADEMIE)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert!(
        !anne.go("/console").await.body.contains("id=\"roles-waiting\""),
        "it does not wait for who asked"
    );
    let own = anne.go("/console/roles").await;
    assert!(!own.body.contains("/approve"), "{}", own.body);
    assert!(bruno.go("/console").await.body.contains("id=\"roles-waiting\""));
    let page = bruno.go("/console/roles").await;
    let (action, _) = page.form("/approve").unwrap();
    let forged = anne.post(&action, &own.fields("/refuse")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "{}", forged.body);
    assert_eq!(holds(&provider, "m.blanc").await, []);
    let done = bruno.submit(&page, "/approve", &[]).await;
    assert!(done.body.contains("Le rôle est donné"), "{} {}", done.status, done.body);
    assert_eq!(holds(&provider, "m.blanc").await, [Role::Authority]);
    let late = bruno.post(&action, &page.fields("/approve")).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND, "once");
    let words = |actor: &str| {
        (actor.to_owned(), "account:m.blanc".to_owned(), Some("authority over academie:13".to_owned()))
    };
    assert_eq!(lines(&provider, "operator.ask").await, [words("account:anne")]);
    assert_eq!(lines(&provider, "operator.grant").await, [words("account:bruno")]);
}

#[tokio::test]
async fn a_role_over_more_than_a_school_takes_two_as_well() {
    let (provider, anne, bruno) = house(Wish::default()).await;
    let ctx = &provider.ctx;
    for (role, over, two) in [
        (Role::SchoolAdmin, SCHOOL, false),
        (Role::ClassTeacher, CLASS, false),
        (Role::Helpdesk, ACADEMIE, false),
        (Role::Auditor, ACADEMIE, false),
        (Role::SchoolAdmin, "departement:086", true),
        (Role::ClassTeacher, ACADEMIE, true),
        (Role::Authority, SCHOOL, true),
    ] {
        let given = grant_role(ctx, &anne, "m.blanc", role, &place(over)).await.unwrap();
        assert_eq!(matches!(given, Ok(Granted::Pending(_))), two, "{role:?} {over} {given:?}");
    }
    let waits = waiting(ctx, &bruno, None, 100).await.unwrap().unwrap().roles;
    assert_eq!(waits.len(), 3);
    for waiting in waits {
        assert!(approve_role(ctx, &bruno, &waiting.pending.id).await.unwrap().is_ok());
    }
    assert_eq!(holds(&provider, "m.blanc").await.len(), 7);
}

#[tokio::test]
async fn a_code_for_an_operator_without_a_second_factor_is_as_good_as_the_roles() {
    let (provider, anne, _) = house(Wish::default()).await;
    let ctx = &provider.ctx;
    let aide = provider.hire("aide", Role::Helpdesk, ACADEMIE).await;
    let refused = new_code(ctx, &aide, "bruno").await.unwrap();
    assert!(matches!(refused.err(), Some(AccountError::NotAllowed { refusal: Refusal::NotOfRole, .. })));
    assert!(new_code(ctx, &anne, "bruno").await.unwrap().is_ok(), "whoever may give the role");
    enrolled(&provider, "bruno").await;
    let code = new_code(ctx, &aide, "bruno").await.unwrap().expect("it opens no console any more").code;
    let code = printed(&code).expose().to_owned();
    // With the factor goes the code that was given while it stood before the roles.
    reset_factor(ctx, &anne, "bruno").await.unwrap().unwrap();
    let thief = Browser::new(&provider.issuer);
    let page = thief.sign_in(&thief.go("/login").await, "bruno", &code).await;
    assert!(!page.body.contains("name=\"new_password\""), "{}", page.body);
}

#[tokio::test]
async fn what_was_asked_is_refused_or_taken_back_and_lapses() {
    let (provider, anne, bruno) = house(Wish::default()).await;
    let ctx = &provider.ctx;
    for actor in [&anne, &bruno] {
        let id = pending(&provider, &anne).await;
        assert!(refuse_role(ctx, actor, &id).await.unwrap().is_ok());
        let gone = approve_role(ctx, &bruno, &id).await.unwrap();
        assert_eq!(gone, Err(ApproveRoleError::Unknown(id)));
    }
    let id = pending(&provider, &anne).await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    let auditor = provider.hire("audit", Role::Auditor, ACADEMIE).await;
    let elsewhere = provider.hire("la.rochelle", Role::Authority, "departement:016").await;
    for actor in [&principal, &auditor] {
        assert_eq!(approve_role(ctx, actor, &id).await.unwrap(), Err(Refusal::NotOfRole.into()));
        assert!(waiting(ctx, actor, None, 100).await.unwrap().is_none());
    }
    let unknown = Err(ApproveRoleError::Unknown(id.clone()));
    assert_eq!(approve_role(ctx, &elsewhere, &id).await.unwrap(), unknown);
    assert!(waiting(ctx, &elsewhere, None, 100).await.unwrap().unwrap().roles.is_empty());
    provider.clock.advance(Duration::from_mins(6));
    assert_eq!(approve_role(ctx, &bruno, &id).await.unwrap(), Err(Refusal::FactorTooOld.into()));
    provider.clock.advance(Duration::from_hours(7 * 24));
    let (anne, bruno) = (provider.as_operator("anne").await, provider.as_operator("bruno").await);
    assert_eq!(approve_role(ctx, &bruno, &id).await.unwrap(), unknown, "too late");
    let anew = pending(&provider, &anne).await;
    assert!(approve_role(ctx, &bruno, &anew).await.unwrap().is_ok(), "asked anew");
    assert_eq!(holds(&provider, "m.blanc").await, [Role::Authority]);
    assert_eq!(ask(&provider, &anne, "m.blanc").await, Ok(Granted::Held), "there is nothing to ask");
}

#[tokio::test]
async fn two_who_ask_for_one_role_at_once_ask_once() {
    let stop = Stop::new();
    let (provider, anne, bruno) = house(Wish { steps: stop.steps(), ..Wish::default() }).await;
    let asking = Box::pin(ask(&provider, &anne, "m.blanc"));
    let other = Box::pin(ask(&provider, &bruno, "m.blanc"));
    let (first, second) = stop.between(Step::DeedDecided, asking, other).await;
    assert_eq!(first, Err(GrantRoleError::AlreadyAsked));
    assert!(matches!(second, Ok(Granted::Pending(_))), "{second:?}");
}

#[tokio::test]
async fn the_second_person_is_another_one_who_owes_the_first_nothing() {
    let (provider, anne, bruno) = house(Wish::default()).await;
    let ctx = &provider.ctx;
    let id = pending(&provider, &anne).await;
    assert_eq!(approve_role(ctx, &anne, &id).await.unwrap(), Err(Objection::OwnWish.into()));
    assert_eq!(approve_role(ctx, &operator(), &id).await.unwrap(), Err(Objection::Local.into()));
    new_code(ctx, &anne, "bruno").await.unwrap().unwrap();
    assert_eq!(approve_role(ctx, &bruno, &id).await.unwrap(), Err(Refusal::NotOfRole.into()), "it has ended");
    let bruno = provider.as_operator("bruno").await;
    assert_eq!(approve_role(ctx, &bruno, &id).await.unwrap(), Err(Objection::Beholden.into()));
    let clara = provider.hire("clara", Role::Authority, ACADEMIE).await;
    let Ok(Granted::Pending(for_clara)) = ask(&provider, &clara, "tom").await else { panic!() };
    let tom = provider.as_operator("tom").await;
    assert_eq!(approve_role(ctx, &tom, &for_clara.id).await.unwrap(), Err(Refusal::NotOfRole.into()));
    // Whoever would be helped to a role is not the one to help whoever asked for it.
    let dora = provider.hire("dora", Role::Authority, "departement:086").await;
    let Ok(Granted::Pending(wider)) = ask(&provider, &clara, "dora").await else { panic!() };
    let wider = approve_role(ctx, &dora, &wider.id).await.unwrap();
    assert!(
        matches!(wider, Err(ApproveRoleError::Unknown(_) | ApproveRoleError::NotAllowed(_))),
        "{wider:?}"
    );
    revoke_role(ctx, &clara, "anne", Role::Authority, &place(ACADEMIE)).await.unwrap().unwrap();
    assert_eq!(approve_role(ctx, &clara, &id).await.unwrap(), Err(ApproveRoleError::AuthorLeft));
    assert_eq!(holds(&provider, "m.blanc").await, []);
    let by_shell = ask(&provider, &operator(), "m.blanc").await;
    assert_eq!(by_shell, Ok(Granted::Held), "the host is the root of trust");
}

#[tokio::test]
async fn an_approval_and_what_ends_its_ground_come_one_after_the_other() {
    for what in 0..3 {
        let stop = Stop::new();
        let (provider, anne, bruno) = house(Wish { steps: stop.steps(), ..Wish::default() }).await;
        let clara = provider.hire("clara", Role::Authority, ACADEMIE).await;
        let ctx = &provider.ctx;
        let id = pending(&provider, &anne).await;
        let approving = Box::pin(approve_role(ctx, &bruno, &id));
        let step = Step::DeedDecided;
        let (approved, expected) = match what {
            0 => {
                let academie = place(ACADEMIE);
                let revoking = revoke_role(ctx, &clara, "anne", Role::Authority, &academie);
                let (approved, revoked) = stop.between(step, approving, revoking).await;
                assert_eq!(revoked.unwrap(), Ok(()));
                (approved, ApproveRoleError::AuthorLeft)
            }
            1 => {
                let (approved, other) =
                    stop.between(step, approving, Box::pin(approve_role(ctx, &clara, &id))).await;
                assert!(other.unwrap().is_ok());
                (approved, ApproveRoleError::Unknown(id.clone()))
            }
            _ => {
                let (approved, other) = stop.between(step, approving, refuse_role(ctx, &anne, &id)).await;
                assert!(other.unwrap().is_ok());
                (approved, ApproveRoleError::Unknown(id.clone()))
            }
        };
        assert_eq!(approved.unwrap(), Err(expected), "{what}");
        assert_eq!(holds(&provider, "m.blanc").await.len(), usize::from(what == 1), "{what}");
    }
}

#[tokio::test]
async fn who_holds_a_role_is_shown_inside_the_territory_and_page_by_page() {
    let provider = Provider::start().await;
    for number in 0..60 {
        provider.hire(&format!("aide{number:02}"), Role::Helpdesk, SCHOOL).await;
    }
    provider.hire("voisin", Role::SchoolAdmin, "uai:0169001X").await;
    provider.hire("chef", Role::SchoolAdmin, SCHOOL).await;
    let (chef, ..) = enrolled(&provider, "chef").await;
    let page = chef.go("/console/roles").await;
    let count = |page: &Page| page.body.matches("<tr><th scope=\"row\">").count();
    assert_eq!(count(&page), 50);
    assert!(!page.body.contains("voisin"), "{}", page.body);
    let next = page.body.split("id=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let next = next.replace("&#38;", "&");
    let second = chef.go(&next).await;
    assert_eq!(count(&second), 11, "{}", second.body);
    let (aide, ..) = enrolled(&provider, "aide01").await;
    assert_eq!(aide.go("/console/roles").await.status, StatusCode::NOT_FOUND);
}
