//! What the flows and the pages are given of the configuration.

use std::thread::available_parallelism;

use crate::domain::gate::PolicyBook;
use crate::domain::notice::RetryRules;
use crate::domain::session::SessionLimits;
use crate::flows::context::Settings;
use crate::flows::hash_pool::HashSettings;
use crate::flows::notices::NoticeSettings;
use crate::flows::reset_order::OrderRules;
use crate::flows::signing_keys::Rotation;
use crate::outgoing::Reach;
use crate::web::app::{Site, SlipWords};
use crate::web::serve;

use super::Config;
use super::password::AfterChange;

impl Config {
    /// What decisions read.
    pub fn settings(&self) -> Settings {
        Settings {
            issuer: self.server.issuer.as_str().to_owned(),
            session: SessionLimits { idle: self.session.idle, absolute: self.session.absolute },
            interaction: self.session.interaction,
            pending_change: self.session.pending_change,
            code: self.tokens.code,
            access_token: self.tokens.access,
            client_token: self.tokens.client(),
            refresh_token: self.tokens.refresh,
            policy: self.policy_book(),
            password_rules: self.password.rules.clone(),
            throttle: self.throttle,
            signs_in_after_change: self.password.after_change == AfterChange::Continue,
            hashing: self.hashing(),
            notices: self.notice_settings(),
            mail: self.mail.settings(),
            orders: OrderRules { approval_above: self.orders.approval_above },
            audit_keep: self.audit.keep,
            rotation: Rotation { period: self.keys.rotation, overlap: self.keys.overlap },
        }
    }

    /// What only pages and headers need.
    pub fn site(&self) -> Site {
        let notice = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        Site {
            name: self.display.name.clone(),
            notice_fr: notice(&self.display.notice_fr),
            notice_en: notice(&self.display.notice_en),
            zone: self.display.zone.clone(),
            origin: self.server.issuer.as_str().to_owned(),
            secure: self.server.issuer.is_https(),
            trusted_proxies: self.server.trusted_proxies.clone(),
            believes_traceparent: self.traces.believe_proxies,
            slips: SlipWords { language: self.slips.language, ..SlipWords::default() },
        }
    }

    /// How much the server takes at once.
    pub fn limits(&self) -> serve::Limits {
        serve::Limits {
            request_timeout: self.server.request_timeout,
            shutdown_delay: self.server.shutdown_delay,
            shutdown_grace: self.server.shutdown_grace,
            max_connections: self.server.max_connections,
        }
    }

    /// Whom outgoing requests may reach.
    pub fn reach(&self) -> Reach {
        Reach { networks: self.notices.allowed_networks.clone(), loopback: self.server.issuer.is_loopback() }
    }

    fn notice_settings(&self) -> NoticeSettings {
        let notices = &self.notices;
        NoticeSettings {
            retry: RetryRules {
                attempts: notices.attempts,
                first: notices.first_delay,
                longest: notices.longest_delay,
            },
            timeout: notices.timeout,
            concurrency: notices.concurrency,
            ahead: notices.ahead,
            keep: notices.keep,
            give_way: notices.give_way,
        }
    }

    fn policy_book(&self) -> PolicyBook {
        let operator = self.password.operator_maximum_lifetime;
        PolicyBook {
            code_lifetime: self.codes.lifetime,
            code_ceiling: self.codes.ceiling,
            maximum_lifetime: self.password.maximum_lifetime.clone(),
            operator_maximum_lifetime: (!operator.is_zero()).then_some(operator),
        }
    }

    fn hashing(&self) -> HashSettings {
        let hash = &self.password.hash;
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        HashSettings {
            memory_kib: hash.memory_kib,
            iterations: hash.iterations,
            parallelism: hash.parallelism,
            workers: if hash.workers == 0 { cores } else { hash.workers },
            queue: hash.queue,
            longest_wait: hash.longest_wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_left_out_is_none_and_no_workers_are_one_a_core() {
        let mut config = Config::default();
        config.display.notice_fr = "  ".to_owned();
        config.password.operator_maximum_lifetime = Duration::ZERO;
        assert_eq!(config.site().notice_fr, None);
        assert!(!config.site().secure);
        let settings = config.settings();
        assert_eq!(settings.policy.operator_maximum_lifetime, None);
        assert!(settings.hashing.workers >= 1);
        assert!(settings.signs_in_after_change);
    }
}
