//! The dashboard and the alarms speak of metrics that exist, and each alarm is explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::browser::Browser;
use crate::metrics::{admin_of, scrape};
use crate::provider::Provider;

/// What Prometheus adds to every sample.
const ADDED: [&str; 3] = ["instance", "job", "le"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// A metric as an expression names it, with the labels and values that it asks for.
#[derive(Debug)]
struct Selector {
    name: String,
    labels: Vec<(String, String)>,
}

/// The selectors of an expression.
fn selectors(expression: &str) -> Vec<Selector> {
    let is_word = |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_';
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|symbol| !is_word(symbol)).map_or(rest.len(), |end| start + end);
        let name = &rest[start..end];
        rest = &rest[end..];
        let (labels, after) = match rest.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            Some((labels, after)) => (labels, after),
            None => ("", rest),
        };
        rest = after;
        if name.starts_with("ecluse_") || name.starts_with("process_") {
            let labels = labels.split(',').filter(|label| !label.trim().is_empty()).map(|label| {
                let (label, value) = label.split_once(['=', '!']).unwrap();
                let value = value.trim_start_matches(['=', '~']).trim().trim_matches('"');
                (label.trim().to_owned(), value.to_owned())
            });
            found.push(Selector { name: name.to_owned(), labels: labels.collect() });
        } else {
            let known = labels.is_empty() || name == "up";
            assert!(known, "{name} is no metric of ours: {expression}");
        }
    }
    found
}

/// Every expression of the dashboard.
fn of_dashboard(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("expr").and_then(Value::as_str).map(str::to_owned));
            found.extend(members.get("definition").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| of_dashboard(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| of_dashboard(value, found)),
        _ => {}
    }
}

/// Every alarm, with its expression.
fn alarms(rules: &str) -> Vec<(String, String)> {
    let of = |block: &str| {
        let name = block.lines().next().unwrap().trim().to_owned();
        let expression = block.split_once("expr:").unwrap().1.split_once("\n        for:").unwrap().0;
        (name, expression.trim_start().trim_start_matches('>').to_owned())
    };
    rules.split("- alert:").skip(1).map(of).collect()
}

#[tokio::test]
async fn the_dashboard_and_the_alarms_ask_for_what_is_there() {
    let provider = Provider::start().await;
    let admin = admin_of(&provider).await;
    Browser::new(&provider.issuer).go("/login").await;
    let text = scrape(&admin).await.text;
    let everything = provider.stores.claims.lie_apart() && provider.stores.database.url().is_some();

    let mut expressions = Vec::new();
    of_dashboard(&serde_json::from_str(&read("deploy/grafana/ecluse.json")).unwrap(), &mut expressions);
    assert!(expressions.len() > 20);
    expressions.extend(alarms(&read("deploy/prometheus/ecluse.rules.yml")).into_iter().map(|(_, text)| text));
    let mut asked = BTreeSet::new();
    for expression in &expressions {
        for Selector { name, labels } in selectors(expression) {
            let samples: Vec<_> = text
                .lines()
                .filter(|line| line.strip_prefix(&name).is_some_and(|end| end.starts_with(['{', ' '])))
                .collect();
            let here =
                everything || !["ecluse_redis", "ecluse_database_"].iter().any(|with| name.starts_with(with));
            if samples.is_empty() && !here {
                continue; // it is there where the tests are on PostgreSQL beside Redis
            }
            assert!(!samples.is_empty(), "no {name}, which is asked for by {expression}");
            for (label, value) in labels.iter().filter(|(label, _)| !ADDED.contains(&label.as_str())) {
                let has = |end: &str| samples.iter().any(|line| line.contains(&format!("{label}=\"{end}")));
                assert!(has(""), "{name} has no {label}: {expression}");
                // Which routes and statuses there were depends on who came.
                let fixed = !name.starts_with("ecluse_http_");
                assert!(
                    !fixed || value.split('|').all(|value| has(&format!("{value}\""))),
                    "{name}: {expression}"
                );
            }
            asked.insert(name);
        }
    }
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (family, _) in families {
        let shown = asked.iter().any(|name| name.starts_with(family));
        assert!(shown, "nobody looks at {family}");
    }
}

#[test]
fn each_alarm_is_explained() {
    let document = read("docs/operations.md");
    let alarms = alarms(&read("deploy/prometheus/ecluse.rules.yml"));
    assert!(alarms.len() > 10);
    let explained: Vec<_> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### Ecluse"))
        .map(|rest| format!("Ecluse{}", rest.split_whitespace().next().unwrap()))
        .collect();
    let named: Vec<_> = alarms.into_iter().map(|(name, _)| name).collect();
    assert_eq!(explained, named, "in the order of the file");
}
