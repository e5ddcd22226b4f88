//! The pages of the console, for the tests that look at every page.

use super::{HOSTILE, frame, page};
use crate::domain::factor::Kind;
use crate::domain::operator::Role;
use crate::domain::secret::Secret;
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
        let home = HomePage { frame, desk: desk(true), places: &places, spare };
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
}
