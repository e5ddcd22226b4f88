//! For each rule about what must be there a history that breaks it, and an innocent neighbour.

use ecluse::domain::level::Level::{Change, Recover};

use super::planted::before;
use super::tale::{
    NOTHING, Tale, cancel, change, code, exchange, force, new_code, order, page, refresh, second, session,
    sign_in, sign_out, slips,
};
use crate::torture::history::{Act, Notice, Secret};

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
        if cancelled.is_some() {
            tale.line(35, "order.cancel", "order:1");
        }
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
            tale.history.events[3].ended = second(minted);
            if again {
                tale.no(4, 5, exchange("c", "x", "y"), "the code is unknown or has expired");
            }
            tale.yes(5, 6, end.clone());
            let found = tale.end(0);
            found.told.push("portal".to_owned());
            found.all_told = second(7);
            for (sent, received) in notices {
                let (client, sid, jti) = ("portal".to_owned(), "sid".to_owned(), "j".to_owned());
                found.received.extend(received.then(|| (client.clone(), jti.clone())));
                found.notices.push(Notice { client, sid, jti, written: second(5), sent: *sent });
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

#[test]
fn what_ends_a_grant_tells_of_it_and_leaves_it_to_nobody_after_it() {
    let ends = [change(page("p"), code("K"), 0), force(Change), new_code("N"), sign_out("s"), order(Change)];
    for end in ends {
        let with = |written, all_told| {
            let mut tale = Tale::signed_in();
            tale.yes(5, 6, end.clone());
            tale.yes(8, 9, change(page("q"), code("L"), 1));
            let found = tale.end(1);
            found.told.push("portal".to_owned());
            found.all_told = second(all_told);
            let (client, sid, jti) = ("portal".to_owned(), "sid".to_owned(), "j".to_owned());
            found.notices.push(Notice { client, sid, jti, written: second(written), sent: false });
            tale.broken().contains(&"lost_notice")
        };
        assert!(with(8, 7), "{end:?}");
        assert!(!with(5, 7), "{end:?}");
        let order = matches!(end, Act::Order { .. });
        assert_eq!(
            with(8, 10),
            !order,
            "an order is told by and by, and not of whom something else was told: {end:?}"
        );
    }
}

#[test]
fn no_act_is_done_more_often_than_it_was_asked_for() {
    let nameless = Act::Order { order: None, level: Change, place: "academie:13".to_owned() };
    let acts = [
        (change(page("p"), code("K"), 1), "password.change", "account:id"),
        (force(Change), "password.force", "account:id"),
        (order(Change), "order.issue", "order:1"),
        (Act::Cancel { order: "2".to_owned() }, "order.cancel", "order:2"),
        (nameless, "order.issue", "order:3"),
    ];
    for (act, word, object) in acts {
        let with = |lines: i64, asked: i64| {
            let mut tale = Tale::new();
            if word == "order.cancel" {
                tale.yes(
                    1,
                    2,
                    Act::Order { order: Some("2".to_owned()), level: Change, place: String::new() },
                );
                tale.line(15, "order.issue", "order:2");
            }
            for _ in 0..asked {
                tale.unknown(3, 4, act.clone());
            }
            for at in 0..lines {
                let another =
                    if object == "order:3" { format!("order:{}", 3 + at) } else { object.to_owned() };
                tale.line(35 + at, word, &another);
            }
            tale.end(0);
            tale.broken().contains(&"done_twice")
        };
        assert!(with(2, 1), "{word} {object}");
        assert!(!with(1, 1) && !with(0, 1), "{word} {object}");
    }
}

#[test]
fn a_password_that_nobody_chose_is_worth_nothing() {
    for used in [sign_in(Secret::Password(7), Some(session("s"))), change(page("p"), Secret::Password(7), 8)]
    {
        let with = |chosen| {
            let mut tale = Tale::new();
            tale.unknown(chosen, chosen, change(page("q"), code("K"), 7));
            tale.yes(3, 4, used.clone());
            tale.broken()
        };
        assert_eq!(with(5), ["wrong_password"]);
        assert_eq!(with(4), NOTHING);
    }
}

#[test]
fn a_new_code_is_another_than_those_before() {
    let with = |shown: Act, ended| {
        let mut tale = Tale::new();
        tale.yes(1, ended, shown);
        tale.yes(3, 5, new_code("K"));
        tale.broken()
    };
    assert_eq!(with(slips("K"), 2), ["code_repeated"]);
    assert_eq!(with(slips("K"), 4), NOTHING, "it may be the new one that was printed");
    assert_eq!(with(new_code("K"), 2), ["code_repeated"]);
    assert_eq!(with(new_code("K"), 4), NOTHING, "of two at once both may show the later");
    assert_eq!(with(new_code("L"), 2), NOTHING);
}
