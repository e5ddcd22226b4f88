//! Whoever has a role acts on whom it reaches, and on nobody else; nobody else is even there.

use std::time::Duration;

use ecluse::domain::jurisdiction::Refusal;
use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::population::Population;
use ecluse::domain::profile::Profile;
use ecluse::domain::territory::TerritoryCode;
use ecluse::flows::account::AccountError;
use ecluse::flows::account::disable::disable;
use ecluse::flows::account::end_sessions::end_sessions;
use ecluse::flows::account::force_change::force_change;
use ecluse::flows::account::grant_role::{GrantRoleError, Granted, grant_role};
use ecluse::flows::account::new_code::new_code;
use ecluse::flows::account::revoke_role::revoke_role;
use ecluse::flows::account::unlock::unlock;
use ecluse::flows::actor::Actor;
use ecluse::flows::print_slips::{Selection, print_slips};
use ecluse::flows::reset_order::issue::{Proposal, ProposalError, issue};
use ecluse::flows::step::Step;
use ecluse::store;
use ecluse::store::db::{Batch, Statement};
use reqwest::StatusCode;

use crate::provider::{Provider, Wish, operator, proposal};
use crate::sign_in::{activate, elsewhere};
use crate::stop::Stop;

const SCHOOL: &str = "uai:0860001J";
const CLASS: &str = "class:0860001J/6A";

fn one(login: &str) -> [String; 1] {
    [login.to_owned()]
}

/// Everything that is done to one person, and whether it was done.
async fn acts(provider: &Provider, actor: &Actor, login: &str) -> Vec<Result<(), AccountError>> {
    let (ctx, logins) = (&provider.ctx, one(login));
    vec![
        new_code(ctx, actor, login).await.unwrap().map(drop),
        force_change(ctx, actor, Level::Change, &logins).await.unwrap().map(drop),
        unlock(ctx, actor, &logins).await.unwrap().map(drop),
        end_sessions(ctx, actor, &logins).await.unwrap().map(drop),
        disable(ctx, actor, &logins).await.unwrap().map(drop),
    ]
}

async fn is_at(provider: &Provider, login: &str, place: &str, profile: &str) {
    let path = store::territory::find(&provider.ctx.db, &TerritoryCode::parse(place).unwrap()).await.unwrap();
    let also = Statement::new(
        "INSERT INTO affiliation (account_id, path, profile, began) VALUES ($1, $2, $3, 0)",
        vec![login.into(), path.unwrap().path.as_str().into(), profile.into()],
    );
    provider.ctx.db.run(Batch::plain(vec![also])).await.unwrap();
}

#[tokio::test]
async fn each_role_acts_inside_its_territory_and_others_are_not_there() {
    let provider = Provider::start().await;
    let rectorat = provider.hire("rectorat", Role::Authority, "academie:13").await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    let teacher = provider.hire("professeure", Role::ClassTeacher, CLASS).await;
    let helpdesk = provider.hire("assistance", Role::Helpdesk, SCHOOL).await;
    let auditor = provider.hire("audit", Role::Auditor, "academie:13").await;
    let nobody = provider.as_operator("tom").await;
    let done = |login| {
        let provider = &provider;
        async move |actor: &Actor| {
            acts(provider, actor, login).await.iter().map(Result::is_ok).collect::<Vec<_>>()
        }
    };
    // New code, force, unlock, end sessions, disable.
    assert_eq!(done("zoe")(&rectorat).await, [true; 5]);
    operator_enables(&provider, "zoe").await;
    assert_eq!(done("zoe")(&principal).await, [true; 5]);
    operator_enables(&provider, "zoe").await;
    assert_eq!(done("zoe")(&teacher).await, [true, true, true, true, false]);
    assert_eq!(done("zoe")(&helpdesk).await, [true, false, true, true, false]);
    assert_eq!(done("zoe")(&auditor).await, [false; 5]);
    assert_eq!(done("zoe")(&nobody).await, [false; 5]);
    assert_eq!(done("m.blanc")(&principal).await, [true; 5]);
    operator_enables(&provider, "m.blanc").await;
    assert_eq!(done("m.blanc")(&teacher).await, [false; 5], "a class teacher reaches no colleague");
    // Who is elsewhere is as unknown as nobody, and to whoever may not do it anywhere nothing is said of anybody.
    for actor in [&principal, &teacher, &helpdesk] {
        for login in ["lea", "personne"] {
            for refused in acts(&provider, actor, login).await {
                let unknown = Err(AccountError::Unknown(vec![login.to_owned()]));
                let nowhere = Err(AccountError::NotAtOnce(Refusal::NotOfRole));
                assert!(refused == unknown || refused == nowhere, "{login}: {refused:?}");
            }
        }
        assert_eq!(done("lea")(actor).await, done("personne")(actor).await);
    }
    assert_eq!(done("lea")(&rectorat).await, [true; 5]);
}

async fn operator_enables(provider: &Provider, login: &str) {
    let enabled = ecluse::flows::account::disable::enable(&provider.ctx, &operator(), &one(login)).await;
    assert_eq!(enabled.unwrap(), Ok(1));
}

#[tokio::test]
async fn what_somebody_is_elsewhere_too_is_for_whoever_is_above_both() {
    let provider = Provider::start().await;
    let rectorat = provider.hire("rectorat", Role::Authority, "academie:13").await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    is_at(&provider, "m.blanc", "uai:0169001X", "National_ENS").await;
    for refused in acts(&provider, &principal, "m.blanc").await {
        let Err(AccountError::NotAllowed { refusal: Refusal::WiderThanTerritory(above), .. }) = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(above.code().unwrap().as_str(), "academie:13");
    }
    assert!(acts(&provider, &rectorat, "m.blanc").await.iter().all(Result::is_ok));
    // Being a guardian elsewhere does not count.
    is_at(&provider, "mme.roux", CLASS, "National_TUT").await;
    assert!(acts(&provider, &principal, "mme.roux").await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn one_unknown_of_a_selection_leaves_all_as_they_were() {
    let provider = Provider::start().await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    let number = provider.person("zoe").await.facts.number;
    for stranger in ["lea", "personne"] {
        let logins = ["zoe", "tom", stranger].map(str::to_owned);
        let refused = force_change(&provider.ctx, &principal, Level::Recover, &logins).await.unwrap();
        assert_eq!(refused, Err(AccountError::Unknown(vec![stranger.to_owned()])));
    }
    assert_eq!(provider.person("zoe").await.facts.number, number);
    let many = vec!["zoe".to_owned(); 10_001];
    let refused = force_change(&provider.ctx, &principal, Level::Recover, &many).await.unwrap();
    assert_eq!(refused, Err(AccountError::TooMany(10_001)));
}

#[tokio::test]
async fn a_role_that_ends_or_a_person_who_moves_between_decision_and_writing_stops_the_act() {
    for moves in [false, true] {
        let stop = Stop::new();
        let provider = Provider::start_with(Wish { steps: stop.steps(), ..Wish::default() }).await;
        let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
        let number = provider.person("m.blanc").await.facts.number;
        let sql = if moves {
            "INSERT INTO affiliation (account_id, path, profile, began)
             SELECT 'm.blanc', path, 'National_ENS', 0 FROM territory WHERE code = 'uai:0169001X'"
        } else {
            "UPDATE operator_role SET ended = 0 WHERE account_id = 'principal'"
        };
        let (ctx, logins) = (&provider.ctx, one("m.blanc"));
        let meanwhile = ctx.db.run(Batch::plain(vec![Statement::new(sql, Vec::new())]));
        let act = disable(ctx, &principal, &logins);
        let (act, _) = stop.between(Step::DeedDecided, act, meanwhile).await;
        match act.unwrap() {
            Err(AccountError::NotAllowed { refusal: Refusal::WiderThanTerritory(_), .. }) => assert!(moves),
            Err(AccountError::NotAtOnce(Refusal::NotOfRole)) => assert!(!moves),
            other => panic!("{other:?}"),
        }
        assert_eq!(provider.person("m.blanc").await.facts.number, number);
    }
}

#[tokio::test]
async fn what_reaches_many_or_gives_power_needs_a_fresh_factor() {
    let provider = Provider::start().await;
    let rectorat = provider.hire("rectorat", Role::Authority, "academie:13").await;
    provider.clock.advance(Duration::from_mins(5));
    let order = async |actor: &Actor| {
        issue(&provider.ctx, actor, &proposal(SCHOOL, Level::Change), None).await.unwrap().map(drop)
    };
    assert_eq!(order(&rectorat).await, Ok(()));
    provider.clock.advance(Duration::from_micros(1));
    let too_old = Refusal::FactorTooOld;
    assert_eq!(order(&rectorat).await, Err(ProposalError::NotAllowed(too_old.clone())));
    let place = TerritoryCode::parse(SCHOOL).unwrap();
    let given = grant_role(&provider.ctx, &rectorat, "m.blanc", Role::Helpdesk, &place).await.unwrap();
    assert_eq!(given, Err(GrantRoleError::NotAllowed(place, too_old.clone())));
    let path = store::territory::find(&provider.ctx.db, &TerritoryCode::parse(CLASS).unwrap()).await.unwrap();
    let selection = Selection::everybody(path.unwrap().path, None);
    let printed = print_slips(&provider.ctx, &rectorat, &selection, |_| panic!("a slip")).await.unwrap();
    assert_eq!(printed, Err(too_old));
    // What is done to one person does not.
    assert!(new_code(&provider.ctx, &rectorat, "zoe").await.unwrap().is_ok());
}

#[tokio::test]
async fn roles_are_given_inside_the_territory_and_taken_with_all_that_was_open() {
    let provider = Provider::start().await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    let browser = activate(&provider, "m.blanc").await;
    let place = |code| TerritoryCode::parse(code).unwrap();
    let give = async |actor: &Actor, login: &str, role, code| {
        grant_role(&provider.ctx, actor, login, role, &place(code)).await.unwrap()
    };
    assert!(matches!(
        give(&principal, "m.blanc", Role::SchoolAdmin, SCHOOL).await,
        Err(GrantRoleError::NotAllowed(_, Refusal::NotOfRole))
    ));
    assert!(matches!(
        give(&principal, "m.blanc", Role::ClassTeacher, "class:0169001X/5B").await,
        Err(GrantRoleError::NotAllowed(_, Refusal::OutOfTerritory))
    ));
    assert!(matches!(
        give(&principal, "lea", Role::ClassTeacher, CLASS).await,
        Err(GrantRoleError::Account(AccountError::Unknown(_)))
    ));
    let own = give(&principal, "principal", Role::Helpdesk, SCHOOL).await;
    assert!(matches!(
        own,
        Err(GrantRoleError::Account(AccountError::NotAllowed { refusal: Refusal::Oneself, .. }))
    ));
    assert_eq!(give(&principal, "m.blanc", Role::ClassTeacher, CLASS).await, Ok(Granted::Held));
    assert_eq!(
        browser.get("/account/password").await.status,
        StatusCode::SEE_OTHER,
        "a new role is a new sign-in"
    );
    let teacher = provider.as_operator("m.blanc").await;
    assert!(new_code(&provider.ctx, &teacher, "zoe").await.unwrap().is_ok());

    let browser = elsewhere(&provider, "m.blanc").await;
    let role = Role::ClassTeacher;
    let taken = revoke_role(&provider.ctx, &principal, "m.blanc", role, &place(CLASS)).await.unwrap();
    assert_eq!(taken, Ok(()));
    assert_eq!(
        browser.get("/account/password").await.status,
        StatusCode::SEE_OTHER,
        "what was open has ended"
    );
    assert!(new_code(&provider.ctx, &teacher, "zoe").await.unwrap().is_err());
    let again = revoke_role(&provider.ctx, &principal, "m.blanc", role, &place(CLASS)).await.unwrap();
    assert!(matches!(again, Err(GrantRoleError::NotHeld(..))));
    elsewhere(&provider, "m.blanc").await;
}

#[tokio::test]
async fn slips_are_for_whom_the_printer_may_act_on() {
    let provider = Provider::start().await;
    let teacher = provider.hire("professeure", Role::ClassTeacher, CLASS).await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    is_at(&provider, "m.blanc", "uai:0169001X", "National_ENS").await;
    let path = async |code| {
        let code = TerritoryCode::parse(code).unwrap();
        store::territory::find(&provider.ctx.db, &code).await.unwrap().unwrap().path
    };
    let print = async |actor: &Actor, selection: &Selection| {
        let mut logins = Vec::new();
        let out = |slip: ecluse::flows::print_slips::Slip| {
            logins.push(slip.person.login);
            Ok(())
        };
        let printed = print_slips(&provider.ctx, actor, selection, out).await.unwrap();
        printed.map(|printed| (logins, printed.elsewhere))
    };
    let families = [Profile::Pupil, Profile::Guardian].into();
    let class = Selection::of(Population { territory: path(CLASS).await, profiles: families }, None);
    let (slips, _) = print(&teacher, &class).await.unwrap();
    assert_eq!(slips, ["tom", "zoe"]);
    let everybody = Selection::everybody(path(CLASS).await, None);
    assert_eq!(print(&teacher, &everybody).await, Err(Refusal::NotPupilsAlone));
    let school = Selection::everybody(path(SCHOOL).await, None);
    assert_eq!(print(&teacher, &school).await, Err(Refusal::OutOfTerritory));
    let (slips, elsewhere) = print(&principal, &school).await.unwrap();
    assert_eq!((slips, elsewhere), (vec!["tom".to_owned(), "zoe".to_owned()], vec!["m.blanc".to_owned()]));
}

#[tokio::test]
async fn an_act_is_remembered_with_the_territory_it_rests_on_and_where_it_came_from() {
    let provider = Provider::start().await;
    let principal = provider.hire("principal", Role::SchoolAdmin, SCHOOL).await;
    unlock(&provider.ctx, &principal, &one("zoe")).await.unwrap().unwrap();
    issue(&provider.ctx, &principal, &proposal(CLASS, Level::Change), None).await.unwrap().unwrap();
    let sql = "SELECT actor, territory, act, address, request_id FROM audit ORDER BY act";
    let rows = provider.ctx.db.all(Statement::new(sql, Vec::new())).await.unwrap();
    let expected = "ministry:fr>academie:13>departement:086>uai:0860001J";
    for (row, act) in rows.iter().zip(["account.unlock", "order.issue"]) {
        let words =
            ["actor", "territory", "act", "address", "request_id"].map(|column| row.text(column).unwrap());
        assert_eq!(words, ["account:principal", expected, act, "192.0.2.7", "request-1"]);
    }
    let outside = Proposal { named_operators: Vec::new(), ..proposal("academie:13", Level::Change) };
    let refused = issue(&provider.ctx, &principal, &outside, None).await.unwrap();
    assert_eq!(refused.map(drop), Err(ProposalError::NotAllowed(Refusal::OutOfTerritory)));
}
