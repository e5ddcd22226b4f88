//! The pages of the console, for the tests that look at every page.

use super::{HOSTILE, frame, page};
use crate::domain::factor::Kind;
use crate::domain::gate::Closure;
use crate::domain::jurisdiction::Refusal;
use crate::domain::level::Level;
use crate::domain::operator::Role;
use crate::domain::profile::Profile;
use crate::domain::progress::Tally;
use crate::domain::reset_order::OrderState;
use crate::domain::secret::Secret;
use crate::flows::account::AccountError;
use crate::flows::people::roll::Counts;
use crate::flows::people::search::State;
use crate::web::console::acts;
use crate::web::console::audit_view::{self, AuditPage, Bad, Typed};
use crate::web::console::order_view::OrderRow;
use crate::web::console::view::home::{CampaignRow, HomePage};
use crate::web::console::view::people::{
    Deed, HeldRole, Lines, PeoplePage, PersonPage, Row, SlipPage, refused,
};
use crate::web::console::view::places::{Below, Omitted, PlacesPage, PrintForm, RollPage, RollRow, Told};
use crate::web::console::view::roles::{self, HolderRow, RolesPage, WaitingRow};
use crate::web::console::view::{
    Choice, CodesPage, ConfirmPage, Desk, EnrolPage, FactorPage, PermitPage, Picture, Place, Refused,
    Resumed, WithoutRolePage,
};
use crate::web::pages::text::Language;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn desk(is_in: bool) -> Desk {
    Desk {
        name: "Camille Durand".to_owned(),
        csrf: secret("c"),
        suffix: "?ui_locales=fr".to_owned(),
        is_in,
        reads_audit: is_in,
        writes_orders: is_in,
    }
}

pub(super) fn pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let roles = [Role::Authority, Role::SchoolAdmin, Role::ClassTeacher, Role::Helpdesk, Role::Auditor];
    let places = roles.map(|role| Place { role, name: "Collège Jean-Moulin".to_owned() });
    for spare in [0, 1, 2, 10] {
        let home = HomePage {
            frame,
            desk: desk(true),
            places: &places,
            roles_waiting: true,
            waiting: Vec::new(),
            drafts: Vec::new(),
            campaigns: campaigns(),
            spare,
        };
        page(pages, &format!("console-home-{spare}"), &home, language);
    }
    page(pages, "console-without-role", &WithoutRolePage { frame, login: HOSTILE }, language);
    let throttled = "Trop de tentatives / too many attempts";
    for (name, refused) in
        [("", None), ("-wrong", Some(Refused::Wrong)), ("-late", Some(Refused::Throttled(throttled.into())))]
    {
        let again = match &refused {
            None => None,
            Some(Refused::Wrong) => Some(Refused::Wrong),
            Some(Refused::Throttled(told)) => Some(Refused::Throttled(told.clone())),
        };
        let permit = PermitPage { frame, desk: desk(false), refused: again };
        page(pages, &format!("console-permit{name}"), &permit, language);
        let factor = FactorPage { frame, desk: desk(false), refused, kind: Kind::Totp, resumed: None };
        page(pages, &format!("console-factor{name}"), &factor, language);
    }
    let fields = vec![("reason".to_owned(), HOSTILE.to_owned())];
    let resumed = Resumed { then: "/console/people/1".to_owned(), seal: secret("s"), fields };
    let again =
        FactorPage { frame, desk: desk(true), refused: None, kind: Kind::List, resumed: Some(&resumed) };
    page(pages, "console-factor-again", &again, language);
    page(pages, "console-confirm", &ConfirmPage { frame, desk: desk(true), resumed: &resumed }, language);
    for list in [false, true] {
        let enrol = EnrolPage {
            frame,
            desk: desk(false),
            refused: None,
            picture: Picture::of(&secret(
                "otpauth://totp/Connexion%20Poitou:c.durand?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Connexion%20Poitou",
            )),
            groups: ["GEZD", "GNBV", "GY3T", "QOJQ", "GEZD", "GNBV", "GY3T", "QOJQ"].map(secret).into(),
            list,
        };
        page(pages, if list { "console-enrol-list" } else { "console-enrol" }, &enrol, language);
        let codes = CodesPage {
            frame,
            desk: desk(!list),
            login: "c.durand",
            codes: (0..if list { 20 } else { 10 }).map(|_| secret("ABCD-EFGH-JKLM-NPQR")).collect(),
            is_list: list,
            is_new: false,
            on: "/console".to_owned(),
        };
        page(pages, if list { "console-list" } else { "console-codes" }, &codes, language);
        let renewed = CodesPage { is_new: true, desk: desk(true), ..codes };
        page(pages, if list { "console-list-new" } else { "console-codes-new" }, &renewed, language);
    }
    people_pages(pages, language);
    slip_pages(pages, language);
    roles_pages(pages, language);
    places_pages(pages, language);
    roll_pages(pages, language);
    audit_pages(pages, language);
}

fn campaigns() -> Vec<CampaignRow> {
    let row = |left: u64, is_late: bool| CampaignRow {
        order: OrderRow {
            id: "1".to_owned(),
            place: HOSTILE.to_owned(),
            profiles: vec![Profile::Pupil],
            level: Level::Recover,
            state: OrderState::Draft,
            since: "21 novembre 2026".to_owned(),
            deadline: Some("22 novembre 2026".to_owned()),
            covered: None,
        },
        begins: is_late.then(|| "21 novembre 2026".to_owned()),
        is_late,
        counted: (left != 2).then(|| "10 h 00".to_owned()),
        part: is_late.then(|| HOSTILE.to_owned()),
        tally: Tally { covered: 3, bound: left, done: 3 - left, ..Tally::default() },
        is_done: left == 0,
        closes: left == 0,
        unprinted: left,
        slips: Some("/console/places".to_owned()),
        failed: left,
    };
    vec![row(0, false), row(1, true), row(2, false), row(3, true)]
}

fn print_form(language: Language, zip: bool) -> PrintForm {
    let people = vec![("1".to_owned(), HOSTILE.to_owned()), ("2".to_owned(), HOSTILE.to_owned())];
    let omitted = Some(vec![Omitted { key: "print-leaves-elsewhere", people }]).filter(|_| zip);
    let fields = vec![("at", "uai:0860001J".to_owned())];
    let action = "/console/places/print".to_owned();
    PrintForm { action, fields, what: "print-what", pdf: true, zip, omitted, language }
}

fn places_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let counts = Counts {
        people: 30,
        left: 12,
        printed: 20,
        handed: 18,
        used: 9,
        lapsed: 2,
        waiting: 1,
        without_email: 0,
    };
    for (name, is_school, counted, told) in [
        ("own", false, None, None),
        ("school", true, Some(counts), Some(Told::Nobody { others: 2 })),
        ("large", true, None, Some(Told::Nobody { others: 0 })),
    ] {
        let below =
            Below { name: HOSTILE.to_owned(), address: "/console/places".to_owned(), counts: counted };
        let profiles =
            [Profile::Teacher, Profile::Head].map(|it| (it, "/console/places".to_owned(), counted));
        let view = PlacesPage {
            frame,
            desk: desk(true),
            name: is_school.then(|| "Collège Jean-Moulin".to_owned()),
            is_school,
            below: vec![below],
            profiles: if is_school { profiles.into() } else { Vec::new() },
            next: Some("/console/places".to_owned()),
            print: is_school.then(|| print_form(language, true)),
            order: is_school.then(|| "/console/orders/new?place=1".to_owned()),
            told,
        };
        page(pages, &format!("console-places-{name}"), &view, language);
    }
}

fn roll_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let counts = Counts {
        people: 30,
        left: 12,
        printed: 20,
        handed: 18,
        used: 9,
        lapsed: 2,
        waiting: 1,
        without_email: 0,
    };
    let row = |number: u32, closure: Option<Closure>| RollRow {
        id: number.to_string(),
        name: HOSTILE.to_owned(),
        login: "zoe".to_owned(),
        profiles: vec![Profile::Pupil],
        printed: (number > 0).then(|| "13 avril 2024 à 8 h 00".to_owned()),
        handed: (number > 1).then(|| ("13 avril".to_owned(), HOSTILE.to_owned())),
        used: closure.is_none().then(|| "13 avril".to_owned()),
        lapsed: (number == 1).then(|| "21 novembre 2026".to_owned()),
        closure,
        is_operator: number == 0,
    };
    let tolds = [None, Some(Told::HandedOver(1)), Some(Told::TakenBack(0)), Some(Told::Unknown)];
    for (number, told) in tolds.into_iter().enumerate() {
        let view = RollPage {
            frame,
            desk: desk(true),
            name: "6A".to_owned(),
            school: Some("Collège Jean-Moulin".to_owned()),
            profile: (number == 3).then_some(Profile::Teacher),
            counts: (number != 2).then_some(counts),
            rows: vec![
                row(0, Some(Closure::NotActivated)),
                row(1, Some(Closure::Individual { level: Level::Recover })),
                row(2, Some(Closure::Expired)),
                row(3, Some(Closure::Disabled)),
                row(4, None),
            ],
            at: "class:0860001J/6A".to_owned(),
            from: "",
            next: None,
            print: (number != 2).then(|| print_form(language, false)),
            order: (number != 2).then(|| "/console/orders/new?place=1".to_owned()),
            ticks: number != 2,
            require: (number == 1).then(|| "/console/people".to_owned()),
            told,
        };
        page(pages, &format!("console-roll-{number}"), &view, language);
    }
    let refused = Some(Told::Refused(Refusal::NotOfRole, String::new()));
    let empty = RollPage {
        frame,
        desk: desk(true),
        name: "6A".to_owned(),
        school: None,
        profile: None,
        counts: Some(Counts::default()),
        rows: Vec::new(),
        at: "class:0860001J/6A".to_owned(),
        from: "",
        next: None,
        print: None,
        order: None,
        ticks: false,
        require: None,
        told: refused,
    };
    page(pages, "console-roll-empty", &empty, language);
}

fn audit_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let row = |href: Option<&str>| audit_view::Row {
        at: "13 avril 2024".to_owned(),
        act: acts::text(language, "order.issue"),
        who: HOSTILE.to_owned(),
        place: href.map(|_| "Poitiers".to_owned()),
        about: HOSTILE.to_owned(),
        href: href.map(str::to_owned),
        count: href.map(|_| 3),
        reason: HOSTILE.to_owned(),
    };
    let typed = Typed { actor: HOSTILE.to_owned(), act: "order.issue".to_owned(), ..Typed::default() };
    let rows = [row(Some("/console/orders/1")), row(None)];
    let cases = [
        ("", &rows[..], None, Some("/console/audit?cursor=1")),
        ("-none", &[], None, None),
        ("-none-here", &[], None, Some("/console/audit?cursor=1")),
        ("-bad", &[], Some(Bad::From), None),
        ("-bad-end", &[], Some(Bad::To), None),
    ];
    for (name, rows, bad, next) in cases {
        let audit = AuditPage { frame, desk: desk(true), typed: &typed, bad, rows, next };
        page(pages, &format!("console-audit{name}"), &audit, language);
    }
}

fn people_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let row = |id: &str| Row {
        id: id.to_owned(),
        name: HOSTILE.to_owned(),
        login: "zoe".to_owned(),
        places: "6A".to_owned(),
        closure: Some(Closure::Expired),
    };
    let list = PeoplePage {
        frame,
        desk: desk(true),
        typed: Some(HOSTILE),
        profile: Some(Profile::Pupil),
        state: Some(State::Closed),
        place: Some((HOSTILE, "class:0860001J/6A")),
        everywhere: "/console/people".to_owned(),
        rows: vec![row("1"), row("2")],
        next: Some("/".to_owned()),
        requires: true,
        required: Some(2),
    };
    page(pages, "console-people", &list, language);
    let nobody = PeoplePage { rows: Vec::new(), next: None, required: None, place: None, ..list };
    page(pages, "console-nobody", &nobody, language);
    person_pages(pages, language);
}

fn person_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let closures = [
        Closure::Disabled,
        Closure::NotActivated,
        Closure::Individual { level: Level::Change },
        Closure::Individual { level: Level::Recover },
        Closure::Expired,
        Closure::RulesTightened,
        Closure::Compromised,
    ];
    let refusal = AccountError::Disabled("zoe".to_owned());
    let places = [
        (Profile::Pupil, "6A".to_owned(), Some("/console/places?at=class%3A0860001J%2F6A".to_owned())),
        (Profile::Guardian, "5B".to_owned(), None),
    ];
    for (number, closure) in closures.iter().map(Some).chain([None]).enumerate() {
        let person = PersonPage {
            frame,
            desk: desk(true),
            id: "1",
            login: "zoe",
            name: "Zoé Petit".to_owned(),
            closure,
            waits: Some("10 h 40".to_owned()),
            lapsed: Some("21 novembre 2026".to_owned()),
            order: matches!(closure, Some(Closure::Ordered { .. })).then(|| "/console/orders/1".to_owned()),
            visits: match number {
                0 => None,
                1 => Some(Vec::new()),
                _ => Some(vec![(HOSTILE.to_owned(), "13 avril".to_owned())]),
            },
            places: &places,
            elsewhere: number > 0,
            wider: (number > 0).then(|| HOSTILE.to_owned()),
            role_elsewhere: number > 0,
            roles: vec![HeldRole {
                role: Role::Helpdesk,
                place: HOSTILE.to_owned(),
                code: Some("uai:0860001J".to_owned()),
            }],
            gives: &[Role::ClassTeacher],
            choices: vec![Choice { code: "uai:0860001J".to_owned(), name: HOSTILE.to_owned() }],
            deeds: Deed::ALL.to_vec(),
            lines: Some(Lines::sample(HOSTILE)),
            done: closure.is_none().then_some(Deed::Unlock.done_key()),
            refused: closure.is_some().then(|| refused(&frame, &refusal, HOSTILE)),
        };
        page(pages, &format!("console-person-{number}"), &person, language);
    }
}

fn slip_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    for is_leave in [false, true] {
        let slip = SlipPage {
            frame,
            desk: desk(true),
            id: "1",
            name: "Zoé Petit".to_owned(),
            login: "zoe",
            code: secret("ABCD-EFGH-JKLM"),
            is_leave,
            prints: !is_leave,
            expires: "13 avril",
        };
        page(pages, if is_leave { "console-leave" } else { "console-slip" }, &slip, language);
    }
}

fn roles_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let waiting = |id: &str, is_own| WaitingRow {
        id: id.to_owned(),
        account: "1".to_owned(),
        name: HOSTILE.to_owned(),
        role: Role::Authority,
        place: HOSTILE.to_owned(),
        by: HOSTILE.to_owned(),
        at: "13 avril".to_owned(),
        is_own,
    };
    let holder = HolderRow {
        account: "1".to_owned(),
        name: HOSTILE.to_owned(),
        login: "zoe".to_owned(),
        role: Role::Auditor,
        place: HOSTILE.to_owned(),
        disabled: true,
    };
    let held = RolesPage {
        frame: frame(language),
        desk: desk(true),
        waiting: vec![waiting("1", false), waiting("2", true)],
        later: Some(HOSTILE.to_owned()),
        holders: vec![holder],
        next: Some("/".to_owned()),
        told: Some(roles::Told::Approved),
    };
    page(pages, "console-roles", &held, language);
    let problem = roles::Told::Problem(http::StatusCode::CONFLICT, "Non".to_owned());
    let told = Some(problem);
    let nobody = RolesPage { waiting: Vec::new(), holders: Vec::new(), next: None, told, ..held };
    page(pages, "console-roles-none", &nobody, language);
}
