//! For each rule a history that breaks it, and the same with one thing shifted, which does not.

use ecluse::domain::level::Level::{Change, Recover};

use super::tale::{
    Tale, authorize, cancel, change, code, exchange, force, introspect, moved, new_code, order, page,
    refresh, session, sign_in, sign_out, slips, userinfo,
};
use crate::torture::history::{Act, Notice, Secret};

const NOTHING: [&str; 0] = [];

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
fn before() -> Tale {
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
    let between = |act: fn(&mut Tale) -> u32| {
        let mut tale = Tale::new();
        tale.yes(1, 2, sign_in(Secret::Password(0), Some(page("p"))));
        tale.yes(5, 6, order(Change));
        act(&mut tale);
        tale.yes(9, 10, sign_in(Secret::Password(1), Some(session("s2"))));
        tale.broken()
    };
    assert_eq!(between(|_| 0), ["gate_closed"]);
    assert_eq!(between(|tale| tale.yes(7, 8, change(page("p"), Secret::Password(0), 1))), NOTHING);
    assert_eq!(between(|tale| tale.unknown(7, 8, change(page("p"), Secret::Password(0), 1))), NOTHING);
    assert_eq!(between(|tale| tale.yes(5, 5, change(page("p"), Secret::Password(0), 1))), NOTHING);
    assert_eq!(
        between(|tale| tale.no(7, 8, change(page("p"), Secret::Password(0), 1), "rule")),
        ["gate_closed"]
    );
    assert_eq!(between(|tale| tale.yes(3, 4, change(page("p"), Secret::Password(0), 1))), ["gate_closed"]);
    assert_eq!(between(|tale| tale.yes(7, 8, cancel())), NOTHING);
    assert_eq!(between(|tale| tale.unknown(7, 8, cancel())), NOTHING);
    assert_eq!(between(|tale| tale.yes(10, 11, cancel())), NOTHING, "at the same time");
    assert_eq!(between(|tale| tale.yes(11, 12, cancel())), ["gate_closed"]);
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

#[test]
fn an_acknowledged_password_is_not_refused() {
    let with = |began, other: bool, text| {
        let mut tale = Tale::new();
        tale.yes(1, 2, change(page("p"), Secret::Password(0), 1));
        if other {
            tale.unknown(2, 3, order(Recover));
        }
        tale.no(began, 5, sign_in(Secret::Password(1), None), text);
        tale.broken()
    };
    assert_eq!(with(3, false, "wrong"), ["lost_change"]);
    assert_eq!(with(2, false, "wrong"), NOTHING);
    assert_eq!(with(3, true, "wrong"), NOTHING);
    assert_eq!(with(3, false, "throttled"), NOTHING);
}

#[test]
fn the_last_acknowledged_password_is_there_at_the_end() {
    let with = |first_ended, password| {
        let mut tale = Tale::new();
        tale.yes(1, first_ended, change(page("p"), code("K"), 1));
        tale.yes(3, 4, change(page("q"), code("L"), 2));
        tale.end(password);
        tale.broken()
    };
    let lost = |rules: Vec<&str>| rules.contains(&"lost_change");
    assert!(lost(with(2, 1)) && lost(with(2, 0)));
    assert!(!lost(with(2, 2)) && !lost(with(3, 1)));
}

#[test]
fn everybody_gets_in_at_the_end() {
    let mut tale = Tale::new();
    tale.end(0).people[0].got_in = false;
    assert_eq!(tale.broken(), ["locked_out"]);
    tale.history.end.people[0].got_in = true;
    assert_eq!(tale.broken(), NOTHING);
}

#[test]
fn orders_and_cancellations_are_there_at_the_end() {
    let with = |cancelled: Option<bool>, state: Option<&str>| {
        let mut tale = Tale::new();
        tale.yes(1, 2, order(Change));
        match cancelled {
            Some(true) => tale.yes(3, 4, cancel()),
            Some(false) => tale.unknown(3, 4, cancel()),
            None => 0,
        };
        tale.line(15, "order.issue", "order:1");
        tale.line(35, "order.cancel", "order:1");
        tale.end(0).orders.extend(state.map(|state| ("1".to_owned(), state.to_owned())));
        tale.broken()
    };
    assert_eq!(with(None, None), ["lost_order"]);
    assert_eq!(with(None, Some("cancelled")), ["lost_order"]);
    assert_eq!(with(Some(true), Some("in_force")), ["lost_order"]);
    assert_eq!(with(None, Some("in_force")), NOTHING);
    assert_eq!(with(Some(true), Some("cancelled")), NOTHING);
    for state in ["in_force", "cancelled"] {
        assert_eq!(with(Some(false), Some(state)), NOTHING);
    }
}

#[test]
fn every_acknowledged_act_has_its_line() {
    let acts = [
        (change(page("p"), code("K"), 0), "password.change"),
        (force(Change), "password.force"),
        (new_code("N"), "code.issue"),
        (sign_in(Secret::Password(0), Some(session("s"))), "sign_in"),
    ];
    for (act, word) in acts {
        let with = |lines: &[i64]| {
            let mut tale = Tale::new();
            tale.yes(1, 3, act.clone());
            tale.yes(2, 4, act.clone());
            for at in lines {
                tale.line(*at, word, "account:id");
            }
            tale.end(0);
            tale.broken().contains(&"lost_audit")
        };
        assert!(with(&[]) && with(&[15]) && with(&[15, 45]), "{word}");
        assert!(!with(&[15, 35]) && !with(&[25, 26]), "{word}");
    }
}

#[test]
fn what_was_committed_behind_an_order_is_seen_though_the_answers_overlap() {
    let with = |ordered, minted| {
        let mut tale = before();
        tale.yes(5, 8, order(Change));
        tale.yes(6, 9, refresh("r", "a2", "r2"));
        tale.line(15, "sign_in", "account:id");
        tale.line(ordered, "order.issue", "order:1");
        tale.token(minted, "a2");
        tale.end(0).orders.push(("1".to_owned(), "in_force".to_owned()));
        tale.broken()
    };
    assert_eq!(with(70, 71), ["gate_closed"]);
    assert_eq!(with(71, 70), NOTHING);
}

#[test]
fn a_change_that_was_not_answered_and_left_no_line_did_not_happen() {
    let with = |line: Option<i64>| {
        let mut tale = Tale::new();
        tale.yes(1, 2, order(Change));
        tale.unknown(3, 4, change(page("p"), Secret::Password(0), 1));
        tale.yes(6, 7, sign_in(Secret::Password(0), Some(session("s"))));
        tale.line(15, "order.issue", "order:1");
        tale.line(65, "sign_in", "account:id");
        if let Some(at) = line {
            tale.line(at, "password.change", "account:id");
        }
        tale.end(0).orders.push(("1".to_owned(), "in_force".to_owned()));
        tale.broken()
    };
    assert_eq!(with(None), ["gate_closed"]);
    assert_eq!(with(Some(35)), NOTHING);
}

#[test]
fn relying_parties_are_told_and_what_was_sent_was_received() {
    let ends = [change(page("p"), code("K"), 0), force(Change), new_code("N"), sign_out("s"), order(Change)];
    for end in ends {
        let with = |minted, again: bool, notices: &[(bool, bool)]| {
            let mut tale = Tale::signed_in();
            tale.history.events[3].ended = super::tale::second(minted);
            if again {
                tale.no(4, 5, exchange("c", "x", "y"), "the code is unknown or has expired");
            }
            tale.yes(5, 6, end.clone());
            let found = tale.end(0);
            found.told.push("portal".to_owned());
            for (sent, received) in notices {
                let (client, sid, jti) = ("portal".to_owned(), "sid".to_owned(), "j".to_owned());
                found.received.extend(received.then(|| (client.clone(), jti.clone())));
                found.notices.push(Notice { client, sid, jti, sent: *sent });
            }
            tale.broken().contains(&"lost_notice")
        };
        assert!(with(4, false, &[]), "{end:?}");
        assert!(with(4, false, &[(true, false)]), "{end:?}");
        assert!(!with(4, false, &[(true, true)]) && !with(4, false, &[(false, false)]), "{end:?}");
        assert!(!with(4, true, &[]), "a grant that may be revoked is not told of: {end:?}");
        let late = with(6, false, &[]);
        assert_eq!(late, matches!(end, Act::Order { .. }), "a mint beside an order is before it: {end:?}");
    }
}
