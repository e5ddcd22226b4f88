//! What is long about orders comes a page at a time, and the list of who is left in the language of whoever reads it.

use ecluse::domain::level::Level;
use ecluse::domain::operator::Role;
use ecluse::domain::reset_order::OrderId;
use ecluse::flows::reset_order::draft::draft;
use ecluse::flows::reset_order::roll_up::round;
use ecluse::store::db::{Batch, Statement};
use serde_json::Value;

use crate::api::Program;
use crate::browser::{Browser, Page};
use crate::console::enrolled;
use crate::provider::{Provider, proposal};

async fn desk(provider: &Provider, login: &str, role: Role, place: &str) -> Browser {
    provider.hire(login, role, place).await;
    enrolled(provider, login).await.0
}

/// The orders that are listed.
fn listed(page: &Page) -> Vec<String> {
    let links = page.body.split("href=\"/console/orders/").skip(1);
    let ids = links.map(|rest| rest.split(['"', '?']).next().unwrap().to_owned());
    ids.filter(|id| id.starts_with("01")).collect()
}

#[tokio::test]
async fn older_orders_are_on_the_next_page_which_is_its_askers_own() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let bruno = desk(&provider, "bruno", Role::Authority, "academie:13").await;
    let by_anne = provider.as_operator("anne").await;
    let mut all = Vec::new();
    for _ in 0..101 {
        let drafted = draft(&provider.ctx, &by_anne, &proposal("academie:13", Level::Change)).await;
        all.push(drafted.unwrap().unwrap().order.id.0);
    }
    let first = anne.go("/console/orders").await;
    let link = |page: &Page| {
        page.body.split("id=\"next\"").nth(1).map(|rest| {
            rest.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&")
        })
    };
    let next = link(&first).unwrap();
    let second = anne.go(&next).await;
    assert!(link(&second).is_none(), "{}", second.body);
    let mut seen = [listed(&first), listed(&second)].concat();
    assert_eq!((listed(&first).len(), seen.len()), (100, 101));
    seen.sort();
    all.sort();
    assert_eq!(seen, all);
    assert_eq!(bruno.go(&next).await.status, 400, "of another asker");
    assert_eq!(anne.go("/console/orders?cursor=x").await.status, 400);
}

#[tokio::test]
async fn whoever_has_two_schools_reads_the_orders_around_them_once_and_the_newest_first() {
    let provider = Provider::start().await;
    let here = ["uai:0860001J", "uai:0169001X"];
    let chef = Program::of(&provider, "chef", Role::SchoolAdmin, here[0]).await;
    provider.hire("chef", Role::SchoolAdmin, here[1]).await;
    let mut all = Vec::new();
    for place in ["academie:13", here[0], "class:0169001X/5B", "departement:086", here[1]] {
        provider.clock.advance(std::time::Duration::from_secs(1));
        all.insert(0, provider.order_for(place, Level::Change).await.0);
    }
    let ids = |answer: &Value| {
        let orders = answer["orders"].as_array().unwrap();
        orders.iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&chef.get("/orders").await.body), all);
    let other = Program::of(&provider, "voisine", Role::SchoolAdmin, here[1]).await;
    assert_eq!(ids(&other.get("/orders").await.body), [&all[0], &all[2], &all[4]].map(String::clone));
}

/// As if so many schools had been counted; half of them have somebody left.
async fn counted(provider: &Provider, id: &OrderId) {
    let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)
         INSERT INTO order_progress (order_id, path, profile, covered, bound, done, printed, spared)
         SELECT $1, 'ministry:fr>academie:13>departement:086>uai:' || (1000000 + n) || 'X', 'National_ELV', 2, n % 2,
             2 - n % 2, 0, '' FROM n";
    let statement = Statement::new(sql, vec![id.0.as_str().into()]);
    provider.ctx.db.run(Batch::plain(vec![statement])).await.unwrap();
}

async fn pages(program: &Program, path: &str, what: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let query = cursor.map(|cursor: String| format!("?cursor={cursor}")).unwrap_or_default();
        let answer = program.get(&format!("{path}{query}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        pages.push(answer.body[what].as_array().unwrap().clone());
        match answer.body["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn the_schools_of_an_order_come_a_page_at_a_time() {
    let provider = Provider::start().await;
    let program = Program::of(&provider, "anne", Role::Authority, "academie:13").await;
    let id = provider.order(Level::Change).await;
    round(&provider.ctx).await.unwrap();
    let few = pages(&program, &format!("/orders/{id}"), "parts").await;
    assert_eq!((few.len(), few[0].len() < 10), (1, true));
    let here = few[0].len();
    counted(&provider, &id).await;
    for (path, what) in [(format!("/orders/{id}"), "parts"), (format!("/orders/{id}/report"), "schools")] {
        let pages = pages(&program, &path, what).await;
        let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
        assert!(sizes[..2] == [500, 500] && sizes.len() == 3, "{what} {sizes:?}");
        let mut seen: Vec<_> =
            pages.concat().iter().map(|it| format!("{} {}", it["territory"], it["profile"])).collect();
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all, "none comes twice");
        assert!((1_201..=1_200 + here).contains(&all), "{all}");
        if what == "schools" {
            let left: Vec<_> = pages.concat().iter().map(|it| it["bound"].as_u64().unwrap()).collect();
            assert!(left.is_sorted_by(|one, other| one >= other), "most first");
        }
        let first = program.get(&path).await.body;
        let cursor = first["next"].as_str().unwrap();
        let other = if what == "parts" { format!("/orders/{id}/report") } else { format!("/orders/{id}") };
        assert_eq!(program.get(&format!("{other}?cursor={cursor}")).await.problem(), (422, "unknown-cursor"));
    }
}

#[tokio::test]
async fn the_list_of_who_is_left_is_in_the_language_of_whoever_reads_it() {
    let provider = Provider::start().await;
    let anne = desk(&provider, "anne", Role::Authority, "academie:13").await;
    let id = provider.order(Level::Change).await;
    let french = anne.go(&format!("/console/orders/{id}/left")).await;
    assert!(french.body.starts_with("\u{feff}Établissement;UAI;Classe;"), "{}", french.body);
    let english = anne.go(&format!("/console/orders/{id}/left?ui_locales=en")).await;
    assert!(
        english
            .body
            .starts_with("\u{feff}School;UAI;Class;Profile;Family name;Given name;Login;Code printed\n"),
        "{}",
        english.body
    );
    let program = Program::of(&provider, "bruno", Role::Authority, "academie:13").await;
    for (query, head) in [
        ("", "\u{feff}Établissement;"),
        ("?language=en", "\u{feff}School;"),
        ("?language=fr", "\u{feff}Établissement;"),
    ] {
        let answer = program.get(&format!("/orders/{id}/left{query}")).await;
        assert!(answer.body.as_str().unwrap().starts_with(head), "{query} {answer:?}");
    }
    assert_eq!(
        program.get(&format!("/orders/{id}/left?language=de")).await.problem(),
        (400, "invalid-request")
    );
}
