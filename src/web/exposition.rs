//! What is counted, in the text format of Prometheus (version 0.0.4). Label values are words of the program and patterns of
//! its routes, in which nothing has to be escaped.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use crate::domain::timestamp::Timestamp;
use crate::flows::context::Context;
use crate::flows::hash_pool::Guest;
use crate::flows::meters::standing::{Standing, standing};
use crate::flows::meters::{Counter, Decision, Door, Histogram, Meters, Notified, SignIn};
use crate::store::notice::Unsettled;

/// The format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything there is to tell.
pub async fn text(ctx: &Context) -> String {
    let standing = standing(ctx).await;
    let mut page = Page(String::with_capacity(32 * 1024));
    page.program(ctx.meters.started);
    page.requests(&ctx.meters);
    page.gate(&ctx.meters);
    page.sign_ins(&ctx.meters);
    page.hash_pool(ctx);
    page.notices(&ctx.meters, standing.as_ref());
    page.orders(standing.as_ref());
    page.clock(standing.as_ref());
    page.audit(ctx, standing.as_ref());
    page.database(ctx, standing.is_some());
    page.redis(ctx);
    page.0
}

struct Page(String);

impl Page {
    fn program(&mut self, started: Timestamp) {
        self.family("ecluse_build_info", "gauge", "Which program this is; always 1.");
        self.sample("ecluse_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.family("process_start_time_seconds", "gauge", "When the program began, in seconds since 1970.");
        self.sample("process_start_time_seconds", &[], started.seconds());
    }

    fn requests(&mut self, meters: &Meters) {
        const NAME: &str = "ecluse_http_request_duration_seconds";
        const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        self.family(NAME, "histogram", "Requests to the public listener, by route and class of status.");
        meters.each_route(|route, by_status| {
            for (class, histogram) in CLASSES.iter().zip(by_status) {
                if histogram.read().count > 0 {
                    self.histogram(NAME, &[("route", route), ("status", class)], histogram);
                }
            }
        });
    }

    fn gate(&mut self, meters: &Meters) {
        const NAME: &str = "ecluse_gate_decisions_total";
        self.family(NAME, "counter", "Answers of the gate that decided, by door: open, or the closure.");
        for (door, decisions) in Door::ALL.iter().zip(&meters.gate) {
            for (decision, counter) in Decision::ALL.iter().zip(decisions) {
                let labels = [("door", door.as_str()), ("decision", decision.as_str())];
                self.sample(NAME, &labels, counter.get());
            }
        }
    }

    fn sign_ins(&mut self, meters: &Meters) {
        let counted = SignIn::ALL.iter().map(|outcome| outcome.as_str()).zip(&meters.sign_ins);
        self.counters("ecluse_sign_ins_total", "Attempts to sign in, by outcome.", "outcome", counted);
    }

    fn hash_pool(&mut self, ctx: &Context) {
        const GUESTS: [(&str, Guest); 2] = [("known", Guest::Known), ("stranger", Guest::Stranger)];
        const WAITING: &str = "ecluse_hash_pool_waiting";
        const WAIT: &str = "ecluse_hash_pool_wait_seconds";
        const AWAY: &str = "ecluse_newcomers_turned_away_total";
        let pool = &ctx.hash_pool;
        self.family("ecluse_hash_pool_workers", "gauge", "Threads that hash passwords.");
        self.sample("ecluse_hash_pool_workers", &[], ctx.settings.hashing.workers.max(1));
        self.family(
            "ecluse_hash_pool_queue_limit",
            "gauge",
            "Passwords that may wait in each of the two queues.",
        );
        self.sample("ecluse_hash_pool_queue_limit", &[], ctx.settings.hashing.queue.max(1));
        self.family(WAITING, "gauge", "Passwords that wait to be hashed, by who waits.");
        for (word, guest) in GUESTS {
            self.sample(WAITING, &[("guest", word)], pool.waiting(guest));
        }
        let refused = GUESTS.iter().map(|(word, guest)| (*word, &pool.tally(*guest).refused));
        let help = "Attempts that found the queue full and got 503, by who asked.";
        self.counters("ecluse_hash_pool_refusals_total", help, "guest", refused);
        let help = "Browsers that got 503 before the sign-in page, since passwords came faster than they are hashed.";
        self.family(AWAY, "counter", help);
        self.sample(AWAY, &[], pool.turned_away().get());
        self.family(WAIT, "histogram", "How long passwords waited for a thread, by who waited.");
        for (word, guest) in GUESTS {
            self.histogram(WAIT, &[("guest", word)], &pool.tally(guest).waited);
        }
    }

    fn notices(&mut self, meters: &Meters, standing: Option<&Standing>) {
        let sent = Notified::ALL.iter().map(|outcome| outcome.as_str()).zip(&meters.notices);
        let help = "Attempts of this program to send a notice, by outcome.";
        self.counters("ecluse_notice_attempts_total", help, "outcome", sent);
        let Some(Standing { notices, walks, .. }) = standing else { return };
        let help = "Notices to relying parties in the outbox, by state; counted up to 100000.";
        self.unsettled("ecluse_notices", help, notices.sessions);
        self.unsettled("ecluse_mails", "Mails in the outbox, by state; counted up to 100000.", notices.mail);
        self.family(
            "ecluse_notices_overdue_seconds",
            "gauge",
            "For how long the most overdue notice is due.",
        );
        self.sample("ecluse_notices_overdue_seconds", &[], notices.overdue.as_secs_f64());
        let help = "Relying parties that are still being told of an order, counted for each order.";
        self.family("ecluse_notice_walks", "gauge", help);
        self.sample("ecluse_notice_walks", &[], walks);
    }

    fn unsettled(&mut self, name: &str, help: &str, unsettled: Unsettled) {
        self.family(name, "gauge", help);
        self.sample(name, &[("state", "waiting")], unsettled.waiting);
        self.sample(name, &[("state", "parked")], unsettled.parked);
    }

    fn orders(&mut self, standing: Option<&Standing>) {
        let Some(Standing { orders, .. }) = standing else { return };
        self.family("ecluse_reset_orders", "gauge", "Reset orders in the book, by state.");
        for (state, count) in orders {
            self.sample("ecluse_reset_orders", &[("state", state)], count);
        }
    }

    fn clock(&mut self, standing: Option<&Standing>) {
        const NAME: &str = "ecluse_clock_ahead_seconds";
        let Some(Standing { skew, .. }) = standing else { return };
        self.family(
            NAME,
            "gauge",
            "By how much our clock is ahead of the database's at least; negative if behind.",
        );
        self.sample(NAME, &[], skew);
    }

    fn audit(&mut self, ctx: &Context, standing: Option<&Standing>) {
        let Some(standing) = standing else { return };
        let help = "Lines of the audit log that were ever sealed: the place of its head.";
        self.family("ecluse_audit_sealed", "gauge", help);
        self.sample("ecluse_audit_sealed", &[], standing.audit_head.place);
        let (help, head) =
            ("The head of the audit log, for `ecluse audit verify --head`.", standing.audit_head.to_string());
        self.family("ecluse_audit_head_info", "gauge", help);
        self.sample("ecluse_audit_head_info", &[("head", &head)], 1);
        let waiting = standing.audit_unsealed;
        self.family("ecluse_audit_unsealed", "gauge", "Lines that wait to be sealed; counted up to 100000.");
        self.sample("ecluse_audit_unsealed", &[], waiting.lines);
        let now = ctx.clock.now();
        let age =
            waiting.since.filter(|since| *since <= now).map_or(Duration::ZERO, |since| now.since(since));
        let help = "How often somebody acted alone in the last 24 hours where a second person is asked for.";
        self.family("ecluse_glass_broken", "gauge", help);
        self.sample("ecluse_glass_broken", &[], standing.glass_broken);
        let help = "For how long the oldest line waits to be sealed.";
        self.family("ecluse_audit_unsealed_seconds", "gauge", help);
        self.sample("ecluse_audit_unsealed_seconds", &[], age.as_secs_f64());
    }

    fn database(&mut self, ctx: &Context, answers: bool) {
        const NAME: &str = "ecluse_database_connections";
        const TOOK: &str = "ecluse_database_duration_seconds";
        self.family(
            "ecluse_database_up",
            "gauge",
            "Whether the database answered when it was looked at last.",
        );
        self.sample("ecluse_database_up", &[], u8::from(answers));
        let help = "Statements and batches that found the database's queue full.";
        self.family("ecluse_database_refusals_total", "counter", help);
        let tally = ctx.db.tally();
        self.sample("ecluse_database_refusals_total", &[], tally.refusals.get());
        let help = "How long reading took, and batches with their commit, waiting included.";
        self.family(TOOK, "histogram", help);
        self.histogram(TOOK, &[("kind", "read")], &tally.reads);
        self.histogram(TOOK, &[("kind", "batch")], &tally.batches);
        let Some(connections) = ctx.db.connections() else { return };
        self.family(NAME, "gauge", "Connections to the server, by state.");
        self.sample(NAME, &[("state", "busy")], connections.busy);
        self.sample(NAME, &[("state", "idle")], connections.idle);
        self.family("ecluse_database_connections_limit", "gauge", "Connections to the server at most.");
        self.sample("ecluse_database_connections_limit", &[], connections.limit);
        self.family("ecluse_database_waiting", "gauge", "Statements and batches that wait for a connection.");
        self.sample("ecluse_database_waiting", &[], connections.waiting);
    }

    fn redis(&mut self, ctx: &Context) {
        const TOOK: &str = "ecluse_redis_duration_seconds";
        let Some((tally, is_connected)) = ctx.ephemeral.redis_tally() else { return };
        self.family("ecluse_redis_up", "gauge", "Whether there is a connection that nobody has found lost.");
        self.sample("ecluse_redis_up", &[], u8::from(is_connected));
        self.family(TOOK, "histogram", "How long Redis took to answer, connecting included.");
        self.histogram(TOOK, &[], &tally.answers);
        let failures = [("unanswered", &tally.unanswered), ("refused", &tally.refused)];
        let help = "What Redis did not answer, or answered by an error.";
        self.counters("ecluse_redis_failures_total", help, "failure", failures.into_iter());
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn counters<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        counted: impl Iterator<Item = (&'static str, &'a Counter)>,
    ) {
        self.family(name, "counter", help);
        for (word, counter) in counted {
            self.sample(name, &[(label, word)], counter.get());
        }
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let reading = histogram.read();
        let (bucket, mut of_bucket) = (format!("{name}_bucket"), labels.to_vec());
        of_bucket.push(("le", ""));
        let end = [("+Inf", reading.count)];
        for (bound, count) in reading.up_to.iter().chain(&end) {
            of_bucket[labels.len()].1 = bound;
            self.sample(&bucket, &of_bucket, count);
        }
        self.sample(&format!("{name}_sum"), labels, reading.sum.as_secs_f64());
        self.sample(&format!("{name}_count"), labels, reading.count);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (place, (label, word)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{word}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }
}
