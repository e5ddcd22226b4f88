//! The gate, closure by closure, and against a slow and obvious model of itself.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::domain::account::Affiliation;
use crate::domain::facts::CodeFacts;
use crate::domain::order_clock::ClockSpan;
use crate::domain::population::{Exclusions, Population};
use crate::domain::reset_order::{Force, OrderState, ResetOrder};
use crate::domain::territory::{TerritoryCode, TerritoryPath};

const DAY: i64 = 86_400;

fn path(codes: &[&str]) -> TerritoryPath {
    codes.iter().fold(TerritoryPath::root(), |path, code| path.child(&TerritoryCode::parse(code).unwrap()))
}

fn poitiers() -> TerritoryPath {
    path(&["academie:13"])
}

fn school() -> TerritoryPath {
    path(&["academie:13", "departement:086", "uai:0860001J"])
}

fn class() -> TerritoryPath {
    path(&["academie:13", "departement:086", "uai:0860001J", "class:0860001J/6A"])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// A pupil of 6A since clock 1, with a password chosen under clock 3 at day 10; it is day 100 and clock 9.
fn pupil() -> Facts {
    Facts {
        account: AccountId("pupil".to_owned()),
        number: AccountNumber(4),
        epoch: 0,
        clock: OrderClock(9),
        now: at(100 * DAY),
        disabled: false,
        way_in: WayIn::Local,
        credential: Some(CredentialFacts {
            clock: OrderClock(3),
            chosen_at: at(10 * DAY),
            proof: Proof::Code,
            weak: false,
            compromised: false,
        }),
        forced: None,
        affiliations: vec![Affiliation {
            path: class(),
            profile: Profile::Pupil,
            span: ClockSpan { began: OrderClock(1), ended: None },
        }],
        roles: Vec::new(),
        code: CodeFacts { epoch: 0, issue: 1, issued_at: None, issued_under: None, printed_under: None },
    }
}

fn order(id: &str, clock: i64, level: Level) -> ResetOrder {
    ResetOrder {
        id: OrderId(id.to_owned()),
        population: Population { territory: poitiers(), profiles: BTreeSet::new() },
        exclusions: Exclusions::default(),
        level,
        state: OrderState::InForce(Force {
            clock: OrderClock(clock),
            since: at(50 * DAY),
            hardened_at: None,
        }),
        deadline: None,
        code_lifetime: None,
        codes_expire_at: at(200 * DAY),
    }
}

fn policy() -> PolicyBook {
    PolicyBook {
        code_lifetime: Duration::from_hours(30 * 24),
        code_ceiling: Duration::from_hours(90 * 24),
        maximum_lifetime: BTreeMap::new(),
        operator_maximum_lifetime: None,
    }
}

fn ask(facts: &Facts, orders: Vec<ResetOrder>) -> Result<(), Closure> {
    ask_with(facts, orders, &policy())
}

fn ask_with(facts: &Facts, orders: Vec<ResetOrder>, policy: &PolicyBook) -> Result<(), Closure> {
    let book = Arc::new(OrderBook { clock: facts.clock, orders });
    evaluate(&Evidence::new(facts.clone(), book).unwrap(), policy).map(|_| ())
}

fn ordered(id: &str, level: Level) -> Result<(), Closure> {
    Err(Closure::Ordered { order: OrderId(id.to_owned()), level })
}

#[test]
fn facts_and_book_of_different_clocks_are_never_judged() {
    let book = Arc::new(OrderBook { clock: OrderClock(8), orders: Vec::new() });
    assert!(Evidence::new(pupil(), book).is_none());
}

#[test]
fn without_any_reason_the_gate_is_open_and_the_pass_says_at_which_numbers() {
    let book = Arc::new(OrderBook { clock: OrderClock(9), orders: Vec::new() });
    let pass = evaluate(&Evidence::new(pupil(), book).unwrap(), &policy()).unwrap();
    assert_eq!((pass.number(), pass.clock(), pass.epoch()), (AccountNumber(4), OrderClock(9), 0));
}

#[test]
fn each_closure_alone() {
    let with = |change: fn(&mut Facts)| {
        let mut facts = pupil();
        change(&mut facts);
        ask(&facts, Vec::new())
    };
    assert_eq!(with(|f| f.disabled = true), Err(Closure::Disabled));
    assert_eq!(with(|f| f.credential = None), Err(Closure::NotActivated));
    assert_eq!(with(|f| f.forced = Some(Level::Change)), Err(Closure::Individual { level: Level::Change }));
    assert_eq!(with(|f| f.credential.as_mut().unwrap().weak = true), Err(Closure::RulesTightened));
    assert_eq!(with(|f| f.credential.as_mut().unwrap().compromised = true), Err(Closure::Compromised));
    assert_eq!(ask(&pupil(), vec![order("o", 5, Level::Change)]), ordered("o", Level::Change));
}

#[test]
fn a_lifetime_ends_at_its_instant_and_the_shortest_counts() {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let mut policy = policy();
    policy.maximum_lifetime.insert(Profile::Pupil, days(90));
    assert_eq!(ask_with(&pupil(), Vec::new(), &policy), Err(Closure::Expired));
    policy.maximum_lifetime.insert(Profile::Pupil, days(91));
    assert_eq!(ask_with(&pupil(), Vec::new(), &policy), Ok(()));
    policy.operator_maximum_lifetime = Some(days(30));
    assert_eq!(ask_with(&pupil(), Vec::new(), &policy), Ok(()), "no operator");
    let mut operator = pupil();
    operator.roles.push(ClockSpan { began: OrderClock(2), ended: None });
    assert_eq!(ask_with(&operator, Vec::new(), &policy), Err(Closure::Expired));
}

#[test]
fn the_strictest_closure_answers() {
    let mut facts = pupil();
    facts.forced = Some(Level::Recover);
    let change = || order("change", 7, Level::Change);
    let recover = || order("recover", 5, Level::Recover);
    assert_eq!(ask(&facts, vec![change()]), Err(Closure::Individual { level: Level::Recover }));
    assert_eq!(ask(&facts, vec![change(), recover()]), ordered("recover", Level::Recover));
    assert_eq!(
        ask(&facts, vec![recover(), order("later", 8, Level::Recover)]),
        ordered("later", Level::Recover),
        "of two that are as strict, the later"
    );
    facts.disabled = true;
    assert_eq!(ask(&facts, vec![recover()]), Err(Closure::Disabled));
}

#[test]
fn an_order_binds_older_credentials_only_whether_its_campaign_goes_on_or_not() {
    let force = Force { clock: OrderClock(5), since: at(50 * DAY), hardened_at: None };
    let closed =
        ResetOrder { state: OrderState::Closed { force, at: at(60 * DAY) }, ..order("o", 5, Level::Change) };
    assert_eq!(ask(&pupil(), vec![closed]), ordered("o", Level::Change));
    let mut newer = pupil();
    newer.credential.as_mut().unwrap().clock = OrderClock(5);
    assert_eq!(ask(&newer, vec![order("o", 5, Level::Change)]), Ok(()));
}

#[test]
fn leaving_does_not_free_and_arriving_later_does_not_bind() {
    let moved = |began, ended: Option<i64>| {
        let mut facts = pupil();
        facts.affiliations[0].span = ClockSpan { began: OrderClock(began), ended: ended.map(OrderClock) };
        ask(&facts, vec![order("o", 5, Level::Change)])
    };
    assert_eq!(moved(4, Some(5)), ordered("o", Level::Change), "left after the order");
    assert_eq!(moved(4, Some(4)), Ok(()), "left before the order");
    assert_eq!(moved(5, None), Ok(()), "arrived after the order");
}

#[test]
fn a_scheduled_order_binds_from_its_instant_on_also_without_a_number() {
    let scheduled = |days: i64| ResetOrder {
        state: OrderState::Scheduled { at: at(days * DAY) },
        ..order("o", 0, Level::Recover)
    };
    assert_eq!(ask(&pupil(), vec![scheduled(101)]), Ok(()));
    assert_eq!(ask(&pupil(), vec![scheduled(100)]), ordered("o", Level::Recover));
    let mut fresh = pupil();
    fresh.credential.as_mut().unwrap().clock = fresh.clock;
    assert_eq!(
        ask(&fresh, vec![scheduled(100)]),
        ordered("o", Level::Recover),
        "it is above every credential"
    );
}

#[test]
fn cancelling_lifts_change_and_lowers_recover_and_no_session_comes_back() {
    let force = Force { clock: OrderClock(5), since: at(50 * DAY), hardened_at: None };
    let cancelled = |level| ResetOrder {
        state: OrderState::Cancelled { force: Some(force), at: at(60 * DAY) },
        ..order("o", 5, level)
    };
    assert_eq!(ask(&pupil(), vec![cancelled(Level::Change)]), Ok(()));
    assert_eq!(ask(&pupil(), vec![cancelled(Level::Recover)]), ordered("o", Level::Change));
    let book = Arc::new(OrderBook { clock: OrderClock(9), orders: vec![cancelled(Level::Recover)] });
    let evidence = Evidence::new(pupil(), book).unwrap();
    assert!(evidence.predates_recovery(OrderClock(4)));
    assert!(!evidence.predates_recovery(OrderClock(5)));
}

#[test]
fn a_deadline_hardens_for_those_who_hold_a_code() {
    let hard = |days| ResetOrder { deadline: Some(at(days * DAY)), ..order("o", 5, Level::Change) };
    let mut printed = pupil();
    printed.code.printed_under = Some(OrderClock(6));
    assert_eq!(ask(&printed, vec![hard(101)]), ordered("o", Level::Change), "not yet");
    assert_eq!(ask(&printed, vec![hard(100)]), ordered("o", Level::Recover));
    assert_eq!(ask(&pupil(), vec![hard(100)]), ordered("o", Level::Change), "no code was printed");
    printed.code.printed_under = Some(OrderClock(4));
    assert_eq!(ask(&printed, vec![hard(100)]), ordered("o", Level::Change), "a code from before the order");
    printed.code.printed_under = Some(OrderClock(6));
    printed.credential = None;
    assert_eq!(
        ask(&printed, vec![hard(100)]),
        Err(Closure::NotActivated),
        "there is no password to distrust"
    );
}

#[test]
fn who_is_spared() {
    let sparing = |exclusions: Exclusions, level| ResetOrder { exclusions, ..order("o", 5, level) };
    let since = |days: i64| Exclusions { changed_since: Some(at(days * DAY)), ..Exclusions::default() };
    assert_eq!(ask(&pupil(), vec![sparing(since(10), Level::Recover)]), Ok(()));
    assert_eq!(ask(&pupil(), vec![sparing(since(11), Level::Recover)]), ordered("o", Level::Recover));
    let mut by_thief = pupil();
    by_thief.credential.as_mut().unwrap().proof = Proof::OldPassword;
    assert_eq!(ask(&by_thief, vec![sparing(since(10), Level::Change)]), Ok(()));
    assert_eq!(
        ask(&by_thief, vec![sparing(since(10), Level::Recover)]),
        ordered("o", Level::Recover),
        "the thief may be the one who changed it"
    );
    let mut new = pupil();
    new.credential = None;
    let never = || Exclusions { never_activated: true, ..Exclusions::default() };
    assert_eq!(ask(&new, vec![sparing(never(), Level::Recover)]), Err(Closure::NotActivated));
    assert_eq!(ask(&new, vec![sparing(Exclusions::default(), Level::Recover)]), ordered("o", Level::Recover));
    let mut federated = pupil();
    federated.way_in = WayIn::FederatedOnly;
    federated.credential = None;
    assert_eq!(ask(&federated, vec![order("o", 5, Level::Recover)]), Ok(()));
}

#[test]
fn what_the_school_has_reset_itself_is_spared_if_it_was_late_and_strict_enough() {
    let by_school = |level| ResetOrder {
        population: Population { territory: school(), profiles: BTreeSet::new() },
        state: OrderState::InForce(Force { clock: OrderClock(2), since: at(9 * DAY), hardened_at: None }),
        ..order("school", 2, level)
    };
    let by_rectorat = |days: i64| ResetOrder {
        exclusions: Exclusions { reset_by_school_since: Some(at(days * DAY)), ..Exclusions::default() },
        ..order("rectorat", 5, Level::Recover)
    };
    let bound = || ordered("rectorat", Level::Recover);
    assert_eq!(ask(&pupil(), vec![by_school(Level::Recover), by_rectorat(9)]), Ok(()));
    assert_eq!(ask(&pupil(), vec![by_school(Level::Recover), by_rectorat(10)]), bound(), "before the theft");
    assert_eq!(ask(&pupil(), vec![by_school(Level::Change), by_rectorat(9)]), bound(), "not as strict");
    assert_eq!(
        ask(&pupil(), vec![order("wide", 2, Level::Recover), by_rectorat(9)]),
        bound(),
        "not by the school"
    );
}

#[test]
fn no_order_spares_because_of_one_that_spares_as_well() {
    let by_school = |id: &str, exclusions| ResetOrder {
        population: Population { territory: school(), profiles: BTreeSet::new() },
        exclusions,
        ..order(id, 5, Level::Recover)
    };
    let reset = || Exclusions { reset_by_school_since: Some(at(0)), ..Exclusions::default() };
    let both = vec![by_school("a", reset()), by_school("b", reset())];
    assert_eq!(ask(&pupil(), both), ordered("b", Level::Recover), "each by the other");
    let rectorat = || ResetOrder { exclusions: reset(), ..order("rectorat", 6, Level::Recover) };
    let generous = Exclusions { changed_since: Some(at(0)), ..Exclusions::default() };
    let spared = vec![rectorat(), by_school("school", generous)];
    assert_eq!(ask(&pupil(), spared), ordered("rectorat", Level::Recover), "the school did nothing");
    let force = Force { clock: OrderClock(2), since: at(50 * DAY), hardened_at: None };
    let lifted = ResetOrder {
        state: OrderState::Cancelled { force: Some(force), at: at(60 * DAY) },
        ..by_school("school", Exclusions::default())
    };
    assert_eq!(ask(&pupil(), vec![rectorat(), lifted]), ordered("rectorat", Level::Recover), "nor now");
}

#[test]
fn operators_are_left_out_unless_named() {
    let mut operator = pupil();
    operator.roles.push(ClockSpan { began: OrderClock(2), ended: None });
    assert_eq!(ask(&operator, vec![order("o", 5, Level::Recover)]), Ok(()));
    let mut named = order("o", 5, Level::Recover);
    named.exclusions.named_operators.insert(AccountId("pupil".to_owned()));
    assert_eq!(ask(&operator, vec![named]), ordered("o", Level::Recover));
    operator.roles[0].began = OrderClock(5);
    let late = ask(&operator, vec![order("o", 5, Level::Recover)]);
    assert_eq!(late, ordered("o", Level::Recover), "a role that came after the order frees nobody");
}

/// The rules read aloud, one after the other, without any of the gate's own shortcuts.
fn model(facts: &Facts, orders: &[ResetOrder], policy: &PolicyBook) -> Option<(u8, Option<String>)> {
    if facts.disabled {
        return Some((4, None));
    }
    if facts.way_in == WayIn::FederatedOnly {
        return None;
    }
    let mut reasons: Vec<(u8, Option<String>)> = Vec::new();
    for order in orders {
        let (clock, lifted) = match order.state {
            OrderState::Draft | OrderState::AwaitingApproval | OrderState::Cancelled { force: None, .. } => {
                continue;
            }
            OrderState::Scheduled { at } if at > facts.now => continue,
            OrderState::Scheduled { .. } => (i64::MAX, false),
            OrderState::InForce(force) | OrderState::Closed { force, .. } => (force.clock.0, false),
            OrderState::Cancelled { force: Some(force), .. } => (force.clock.0, true),
        };
        let met = |span: &ClockSpan| {
            let began_before = span.began.0 < clock;
            let ended_before = span.ended.is_some_and(|ended| ended.0 < clock);
            began_before && !ended_before
        };
        let wanted = |profile: &Profile| {
            order.population.profiles.is_empty() || order.population.profiles.contains(profile)
        };
        let below = |path: &TerritoryPath| path.as_str().starts_with(order.population.territory.as_str());
        if !facts.affiliations.iter().any(|a| met(&a.span) && wanted(&a.profile) && below(&a.path)) {
            continue;
        }
        if facts.roles.iter().any(met) {
            continue;
        }
        let never = facts.credential.is_none() && order.exclusions.never_activated;
        let changed = facts.credential.is_some_and(|credential| {
            order.exclusions.changed_since.is_some_and(|since| credential.chosen_at >= since)
                && (order.level == Level::Change || credential.proof != Proof::OldPassword)
        });
        let fulfilled = facts.credential.is_some_and(|credential| credential.clock.0 >= clock);
        if never || changed || fulfilled {
            continue;
        }
        match (order.level, lifted) {
            (Level::Recover, false) => reasons.push((3, Some(order.id.0.clone()))),
            (Level::Recover, true) | (Level::Change, false) => reasons.push((1, Some(order.id.0.clone()))),
            (Level::Change, true) => {}
        }
    }
    match facts.forced {
        Some(Level::Recover) => reasons.push((3, None)),
        Some(Level::Change) => reasons.push((1, None)),
        None => {}
    }
    match facts.credential {
        None => reasons.push((2, None)),
        Some(credential) => {
            let lifetime = policy.maximum_lifetime.get(&Profile::Pupil);
            let open =
                facts.affiliations.iter().any(|a| a.span.ended.is_none() && a.profile == Profile::Pupil);
            let expired = open && lifetime.is_some_and(|span| facts.now.since(credential.chosen_at) >= *span);
            if credential.weak || credential.compromised || expired {
                reasons.push((1, None));
            }
        }
    }
    reasons.into_iter().max_by_key(|(rank, _)| *rank)
}

fn rank(closure: &Closure) -> u8 {
    match closure {
        Closure::Disabled => 4,
        Closure::Ordered { level: Level::Recover, .. } | Closure::Individual { level: Level::Recover } => 3,
        Closure::NotActivated => 2,
        _ => 1,
    }
}

prop_compose! {
    fn a_credential()(clock in 0_i64..10, day in 0_i64..100, old in any::<bool>(), weak in any::<bool>()) -> CredentialFacts {
        let proof = if old { Proof::OldPassword } else { Proof::Code };
        CredentialFacts { clock: OrderClock(clock), chosen_at: at(day * DAY), proof, weak: weak && old, compromised: false }
    }
}

fn a_span() -> impl Strategy<Value = ClockSpan> {
    (0_i64..10, proptest::option::of(0_i64..10))
        .prop_map(|(began, ended)| ClockSpan { began: OrderClock(began), ended: ended.map(OrderClock) })
}

fn some_facts() -> impl Strategy<Value = Facts> {
    let profile = prop_oneof![Just(Profile::Pupil), Just(Profile::Guardian)];
    let place = prop_oneof![Just(school()), Just(class()), Just(path(&["academie:14"]))];
    let affiliation =
        (place, profile, a_span()).prop_map(|(path, profile, span)| Affiliation { path, profile, span });
    let level = prop_oneof![Just(Level::Change), Just(Level::Recover)];
    (
        proptest::option::weighted(0.8, a_credential()),
        proptest::option::weighted(0.2, level),
        proptest::collection::vec(affiliation, 0..3),
        proptest::collection::vec(a_span(), 0..2),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(credential, forced, affiliations, roles, disabled, federated)| Facts {
            credential,
            forced,
            affiliations,
            roles,
            disabled,
            way_in: if federated { WayIn::FederatedOnly } else { WayIn::Local },
            ..pupil()
        })
}

fn an_order() -> impl Strategy<Value = ResetOrder> {
    let state = (0_u8..6, 1_i64..10, 50_i64..150).prop_map(|(which, clock, day)| {
        let force = Force { clock: OrderClock(clock), since: at(50 * DAY), hardened_at: None };
        match which {
            0 => OrderState::Draft,
            1 => OrderState::Scheduled { at: at(day * DAY) },
            2 => OrderState::Closed { force, at: at(60 * DAY) },
            3 => OrderState::Cancelled { force: Some(force), at: at(60 * DAY) },
            4 => OrderState::Cancelled { force: None, at: at(60 * DAY) },
            _ => OrderState::InForce(force),
        }
    });
    let exclusions =
        (any::<bool>(), proptest::option::of(0_i64..100)).prop_map(|(never_activated, since)| Exclusions {
            never_activated,
            changed_since: since.map(|day| at(day * DAY)),
            ..Exclusions::default()
        });
    let territory = prop_oneof![Just(poitiers()), Just(school()), Just(class())];
    let profiles =
        proptest::collection::btree_set(prop_oneof![Just(Profile::Pupil), Just(Profile::Guardian)], 0..2);
    let level = prop_oneof![Just(Level::Change), Just(Level::Recover)];
    (state, exclusions, territory, profiles, level, "[a-z]{8}").prop_map(
        |(state, exclusions, territory, profiles, level, id)| ResetOrder {
            id: OrderId(id),
            population: Population { territory, profiles },
            exclusions,
            state,
            ..order("", 0, level)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_gate_says_what_the_model_says(
        facts in some_facts(),
        orders in proptest::collection::vec(an_order(), 0..4),
        lifetime in proptest::option::of(1_u64..120),
    ) {
        let mut policy = policy();
        policy.maximum_lifetime.extend(lifetime.map(|days| (Profile::Pupil, Duration::from_secs(days * 86_400))));
        let expected = model(&facts, &orders, &policy);
        let answer = ask_with(&facts, orders, &policy).err();
        prop_assert_eq!(answer.as_ref().map(rank), expected.map(|(rank, _)| rank));
    }

    #[test]
    fn a_change_under_todays_clock_opens_whatever_an_order_or_a_force_closed(
        facts in some_facts(),
        orders in proptest::collection::vec(an_order(), 0..4),
    ) {
        // A due order draws its number before a change is written; a disabled account is opened by no change.
        let due = |order: &ResetOrder| matches!(order.state, OrderState::Scheduled { at } if at <= facts.now);
        let orders = orders.into_iter().filter(|order| !due(order)).collect();
        let facts = Facts { disabled: false, ..facts.clone() };
        let book = Arc::new(OrderBook { clock: facts.clock, orders });
        let after = Evidence::new(facts, book).unwrap().after_change(Proof::Code);
        prop_assert!(evaluate(&after, &policy()).is_ok());
    }
}
