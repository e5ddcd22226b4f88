//! The pages of the console, for the tests that look at every page.

use super::{HOSTILE, frame, page};
use crate::domain::factor::Kind;
use crate::domain::gate::Closure;
use crate::domain::level::Level;
use crate::domain::operator::Role;
use crate::domain::profile::Profile;
use crate::domain::secret::Secret;
use crate::flows::account::AccountError;
use crate::web::console::view::people::{Deed, Lines, PeoplePage, PersonPage, Row, SlipPage};
use crate::web::console::view::{
    CodesPage, ConfirmPage, Desk, EnrolPage, FactorPage, HomePage, PermitPage, Picture, Place, Refused,
    Resumed, WithoutRolePage,
};
use crate::web::pages::text::Language;

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn desk(is_in: bool) -> Desk {
    Desk { name: "Camille Durand".to_owned(), csrf: secret("c"), suffix: "?ui_locales=fr".to_owned(), is_in }
}

pub(super) fn pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let roles = [Role::Authority, Role::SchoolAdmin, Role::ClassTeacher, Role::Helpdesk, Role::Auditor];
    let places = roles.map(|role| Place { role, name: "Collège Jean-Moulin".to_owned() });
    for spare in [0, 1, 2, 10] {
        let home = HomePage { frame, desk: desk(true), places: &places, waiting: Vec::new(), spare };
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
            on: "/console",
        };
        page(pages, if list { "console-list" } else { "console-codes" }, &codes, language);
    }
    people_pages(pages, language);
}

fn people_pages(pages: &mut Vec<(String, String)>, language: Language) {
    let frame = frame(language);
    let row = || Row {
        id: "1".to_owned(),
        name: HOSTILE.to_owned(),
        login: "zoe".to_owned(),
        places: "6A".to_owned(),
    };
    let list = PeoplePage {
        frame,
        desk: desk(true),
        typed: HOSTILE,
        asked: true,
        rows: &[row(), row()],
        next: Some("/"),
    };
    page(pages, "console-people", &list, language);
    let nobody = PeoplePage { frame, desk: desk(true), typed: "", asked: true, rows: &[], next: None };
    page(pages, "console-nobody", &nobody, language);
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
    let places = [(Profile::Pupil, "6A".to_owned()), (Profile::Guardian, "5B".to_owned())];
    for (number, closure) in closures.iter().map(Some).chain([None]).enumerate() {
        let person = PersonPage {
            frame,
            desk: desk(true),
            id: "1",
            login: "zoe",
            name: "Zoé Petit".to_owned(),
            closure,
            places: &places,
            roles: &[],
            deeds: Deed::ALL.to_vec(),
            lines: Some(Lines::sample(HOSTILE)),
            done: closure.is_none().then_some(Deed::Unlock),
            refusal: closure.is_some().then_some(&refusal),
        };
        page(pages, &format!("console-person-{number}"), &person, language);
    }
    for is_leave in [false, true] {
        let slip = SlipPage {
            frame,
            desk: desk(true),
            id: "1",
            name: "Zoé Petit".to_owned(),
            login: "zoe",
            code: secret("ABCD-EFGH-JKLM"),
            is_leave,
            expires: "13 avril",
        };
        page(pages, if is_leave { "console-leave" } else { "console-slip" }, &slip, language);
    }
}
