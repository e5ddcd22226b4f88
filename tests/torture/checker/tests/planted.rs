//! For each rule a history that breaks it, and the same with one thing shifted, which does not.

use ecluse::domain::level::Level::{Change, Recover};

use super::tale::{
    NOTHING, Tale, authorize, cancel, change, code, exchange, force, introspect, moved, new_code, order,
    page, refresh, session, sign_in, sign_out, slips, userinfo,
};
use crate::torture::history::{Act, Secret};

/// Every door, as it is asked from second `at` to the next.
fn doors() -> Vec<Act> {
    vec![
        authorize("s", "c2"),
        exchange("c1", "a1", "r1"),
        refresh("r", "a2", "r2"),
        introspect("a"),
        introspect("r"),
        userinfo("a"),
    ]
}

/// Somebody signed in before second 5, with a second code that was not exchanged.
pub(super) fn before() -> Tale {
    let mut tale = Tale::signed_in();
    tale.yes(2, 3, authorize("s", "c1"));
    tale
}

#[test]
fn no_door_opens_once_an_order_was_acknowledged() {
    for door in doors().into_iter().chain([sign_in(Secret::Password(0), Some(session("s2")))]) {
        let with = |began| {
            let mut tale = before();
            tale.yes(5, 6, order(Change));
            tale.yes(began, 8, door.clone());
            tale.broken()
        };
        assert_eq!(with(7), ["gate_closed"], "{door:?}");
        assert_eq!(with(6), NOTHING, "it began before the order was acknowledged: {door:?}");
    }
}

#[test]
fn a_change_or_a_cancellation_may_have_opened_it() {
    let between = |act: &dyn Fn(&mut Tale) -> u32| {
        let mut tale = Tale::new();
        tale.yes(1, 2, sign_in(Secret::Password(0), Some(page("p"))));
        tale.yes(5, 6, order(Change));
        act(&mut tale);
        tale.yes(9, 10, sign_in(Secret::Password(1), Some(session("s2"))));
        tale.broken().contains(&"gate_closed")
    };
    let chosen = || change(page("p"), Secret::Password(0), 1);
    assert!(between(&|_| 0));
    assert!(!between(&|tale| tale.yes(7, 8, chosen())));
    assert!(!between(&|tale| tale.unknown(7, 8, chosen())));
    assert!(!between(&|tale| tale.yes(5, 5, chosen())));
    assert!(between(&|tale| tale.no(7, 8, chosen(), "rule")));
    assert!(between(&|tale| tale.yes(3, 4, chosen())));
    assert!(!between(&|tale| tale.yes(7, 8, cancel())));
    assert!(!between(&|tale| tale.unknown(7, 8, cancel())));
    assert!(!between(&|tale| tale.yes(10, 11, cancel())), "at the same time");
    assert!(between(&|tale| tale.yes(11, 12, cancel())));
}

#[test]
fn what_was_not_answered_may_happen_until_all_is_quiet() {
    let quiet_at = |second| {
        let mut tale = Tale::signed_in();
        tale.unknown(2, 3, change(session("s"), Secret::Password(0), 1));
        tale.yes(second, second, Act::Quiet);
        tale.yes(5, 6, order(Change));
        tale.yes(8, 9, sign_in(Secret::Password(1), Some(session("s2"))));
        tale.broken()
    };
    assert_eq!(quiet_at(4), ["gate_closed"]);
    assert_eq!(quiet_at(7), NOTHING);
}

#[test]
fn only_those_who_were_there_are_bound() {
    let moved_at = |began, ended, sure| {
        let mut tale = before();
        let away = moved("academie:13>school:A>class:1", "academie:13>school:AB");
        if sure {
            tale.yes(began, ended, away)
        } else {
            tale.unknown(began, ended, away)
        };
        tale.yes(5, 6, order(Change));
        tale.yes(8, 9, introspect("a"));
        tale.broken()
    };
    assert_eq!(moved_at(7, 8, true), ["gate_closed"], "leaving does not free");
    for (began, ended, sure) in [(3, 4, true), (4, 5, true), (3, 4, false)] {
        assert_eq!(moved_at(began, ended, sure), NOTHING);
    }
}

#[test]
fn a_force_closes_like_an_order_and_is_not_lifted() {
    let with = |began| {
        let mut tale = Tale::new();
        tale.yes(5, 6, force(Change));
        tale.yes(began, 9, sign_in(Secret::Password(0), Some(session("s"))));
        tale.broken()
    };
    assert_eq!(with(7), ["gate_closed"]);
    assert_eq!(with(6), NOTHING);
}

#[test]
fn under_recover_an_old_password_does_nothing() {
    for closed in [order(Recover), force(Recover)] {
        let page_at = |began, lifted: bool| {
            let mut tale = Tale::new();
            tale.yes(5, 6, closed.clone());
            if lifted {
                tale.unknown(6, 7, cancel());
            }
            tale.yes(began, 9, sign_in(Secret::Password(0), Some(page("p"))));
            tale.broken()
        };
        let by_order = matches!(closed, Act::Order { .. });
        assert_eq!(page_at(7, false), ["recover"]);
        assert_eq!(page_at(6, false), NOTHING);
        assert_eq!(page_at(7, true).is_empty(), by_order, "only an order is released to change");
        let changed_at = |began, proof: Secret| {
            let mut tale = Tale::new();
            tale.yes(1, 2, sign_in(proof.clone(), Some(page("p"))));
            tale.yes(5, 6, closed.clone());
            tale.yes(began, 9, change(page("p"), proof, 1));
            tale.broken()
        };
        let force_ends = if by_order { vec!["recover"] } else { vec!["outlived", "recover"] };
        assert_eq!(changed_at(7, Secret::Password(0)), force_ends);
        assert_eq!(changed_at(6, Secret::Password(0)), NOTHING);
    }
}

#[test]
fn a_thief_who_was_on_the_page_did_not_open_the_gate() {
    let with = |proof: Secret, level| {
        let mut tale = Tale::new();
        tale.yes(1, 2, sign_in(proof.clone(), Some(page("p"))));
        tale.yes(5, 8, order(level));
        tale.yes(6, 7, change(page("p"), proof, 1));
        tale.yes(9, 10, sign_in(Secret::Password(1), Some(session("s"))));
        tale.broken()
    };
    assert_eq!(with(Secret::Password(0), Recover), ["gate_closed", "recover"]);
    assert_eq!(with(Secret::Password(0), Change), NOTHING);
    assert_eq!(with(code("K"), Recover), NOTHING);
}

#[test]
fn what_an_earlier_sign_in_gave_ends_with_the_number() {
    let ends = [change(page("p"), code("K"), 1), force(Change), new_code("N"), order(Recover)];
    for end in ends {
        for door in doors() {
            let with = |began| {
                let mut tale = before();
                tale.yes(5, 6, end.clone());
                // Whatever closed the gate, a later change opened it.
                tale.yes(6, 7, change(page("q"), code("L"), 2));
                tale.yes(began, 9, door.clone());
                tale.broken()
            };
            assert_eq!(with(8), ["outlived"], "{end:?} {door:?}");
            let overlapping = with(6);
            assert!(overlapping.is_empty(), "{end:?} {door:?} {overlapping:?}");
        }
    }
}

#[test]
fn a_cancelled_recover_revives_no_session() {
    let with = |level, ordered| {
        let mut tale = before();
        tale.yes(ordered, 6, order(level));
        tale.yes(6, 7, cancel());
        tale.yes(8, 9, introspect("a"));
        tale.broken()
    };
    // Released to `change`, the gate stays closed as well.
    assert_eq!(with(Recover, 5), ["gate_closed", "outlived"]);
    assert_eq!(with(Change, 5), NOTHING);
}

#[test]
fn a_sign_in_that_read_the_old_hash_is_older_than_the_change() {
    let with = |secret: Secret| {
        let mut tale = Tale::new();
        tale.yes(1, 6, sign_in(secret, Some(session("s"))));
        tale.yes(2, 5, change(page("p"), Secret::Password(0), 1));
        tale.yes(7, 8, authorize("s", "c"));
        tale.broken()
    };
    assert_eq!(with(Secret::Password(0)), ["outlived"]);
    assert_eq!(with(Secret::Password(1)), NOTHING);
}

#[test]
fn a_page_ends_with_the_number_too() {
    for end in [force(Change), new_code("N")] {
        let with = |began| {
            let mut tale = Tale::new();
            tale.yes(1, 2, sign_in(Secret::Password(0), Some(page("p"))));
            tale.yes(5, 6, end.clone());
            tale.yes(began, 9, change(page("p"), Secret::Password(0), 1));
            tale.broken()
        };
        assert_eq!(with(7), ["outlived"]);
        assert_eq!(with(6), NOTHING);
    }
}

#[test]
fn signing_out_ends_the_session_and_what_was_not_to_outlive_it() {
    for (door, offline_outlives) in [
        (authorize("s", "c2"), false),
        (exchange("c1", "a1", "r1"), false),
        (introspect("a"), true),
        (userinfo("a"), true),
        (refresh("r", "a2", "r2"), true),
        (change(session("s"), Secret::Password(0), 1), false),
    ] {
        let with = |began, offline| {
            let mut tale = before();
            for event in &mut tale.history.events {
                if let Act::Exchange { given: Some(given), .. } = &mut event.act {
                    given.offline = offline;
                }
            }
            tale.yes(5, 6, sign_out("s"));
            tale.yes(began, 9, door.clone());
            tale.broken()
        };
        assert_eq!(with(7, false), ["signed_out"], "{door:?}");
        assert_eq!(with(6, false), NOTHING, "{door:?}");
        assert_eq!(with(7, true).is_empty(), offline_outlives, "{door:?}");
    }
}

#[test]
fn what_came_back_ends_its_grant() {
    for again in [exchange("c", "x", "y"), refresh("r", "x", "y")] {
        let with = |text, began| {
            let mut tale = Tale::signed_in();
            tale.no(5, 6, again.clone(), text);
            tale.yes(began, 9, introspect("a"));
            tale.broken()
        };
        assert_eq!(with("the code was used before", 7), ["withdrawn"]);
        assert_eq!(with("the code was used before", 6), NOTHING);
        assert_eq!(with("the grant has ended", 7), NOTHING, "it may not have been recognised");
    }
}

#[test]
fn a_replaced_password_is_worth_nothing() {
    let with = |began, outcome_known| {
        let mut tale = Tale::new();
        let chosen = change(page("p"), code("K"), 1);
        if outcome_known {
            tale.yes(2, 3, chosen)
        } else {
            tale.unknown(2, 3, chosen)
        };
        tale.yes(began, 6, sign_in(Secret::Password(0), Some(session("s"))));
        tale.broken()
    };
    assert_eq!(with(4, true), ["old_password"]);
    assert_eq!(with(3, true), NOTHING);
    assert_eq!(with(4, false), NOTHING);
}

#[test]
fn a_printed_code_dies_with_the_next_and_under_a_later_order() {
    for end in [new_code("N"), force(Change), change(page("q"), code("L"), 2), order(Recover)] {
        let with = |began, shown_again: bool| {
            let mut tale = Tale::new();
            tale.yes(1, 2, slips("K"));
            tale.yes(5, 6, end.clone());
            if shown_again {
                tale.yes(6, 7, slips("K"));
            }
            tale.yes(began, 9, sign_in(code("K"), Some(page("p"))));
            tale.broken()
        };
        assert_eq!(with(7, false), ["dead_code"], "{end:?}");
        assert_eq!(with(6, false), NOTHING, "{end:?}");
        assert_eq!(with(7, true), NOTHING, "it was alive after that: {end:?}");
    }
    let mut tale = Tale::new();
    tale.yes(1, 2, slips("K"));
    tale.yes(3, 4, order(Recover));
    tale.unknown(5, 6, cancel());
    tale.yes(7, 8, sign_in(code("K"), Some(page("p"))));
    assert_eq!(tale.broken(), NOTHING);
}

#[test]
fn nothing_is_used_twice() {
    let cases: [(&str, Act, Act); 5] = [
        ("code_twice", exchange("c1", "a1", "r1"), exchange("c1", "a2", "r2")),
        ("refresh_twice", refresh("r", "a1", "r1"), refresh("r", "a2", "r2")),
        ("printed_code_twice", change(page("p"), code("K"), 1), change(page("q"), code("K"), 2)),
        (
            "password_replaced_twice",
            change(page("p"), Secret::Password(0), 1),
            change(page("q"), Secret::Password(0), 2),
        ),
        ("right_twice", change(page("p"), code("K"), 1), change(page("p"), code("L"), 2)),
    ];
    for (rule, once, twice) in cases {
        let mut tale = before();
        tale.yes(5, 8, once.clone());
        tale.yes(6, 7, twice.clone());
        assert!(tale.broken().contains(&rule), "{rule}: {:?}", tale.broken());
        let mut tale = before();
        tale.yes(5, 8, once.clone());
        tale.unknown(6, 7, twice.clone());
        tale.no(6, 7, twice, "invalid_grant");
        assert_eq!(tale.broken(), NOTHING, "{rule}");
    }
}

#[test]
fn a_confidential_client_keeps_its_refresh_token() {
    let mut tale = Tale::signed_in();
    for _ in 0..2 {
        let mut again = refresh("r", "a1", "r1");
        if let Act::Refresh { rotates, next, .. } = &mut again {
            (*rotates, *next) = (false, None);
        }
        tale.yes(5, 6, again);
    }
    assert_eq!(tale.broken(), NOTHING);
}
