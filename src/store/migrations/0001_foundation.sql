-- Times are microseconds since the epoch. Ids and hashes are text. There are no booleans: a nullable time says more.

CREATE TABLE deployment (
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    epoch BIGINT NOT NULL,
    -- The same for codes on paper.
    code_epoch BIGINT NOT NULL,
    restored_at BIGINT,
    -- Filled from another database, and not yet taken into use; and the other one, once it was copied.
    copied_at BIGINT,
    moved_at BIGINT,
    created_at BIGINT NOT NULL
);

INSERT INTO deployment (singleton, epoch, code_epoch, created_at) VALUES (1, 0, 0, now_us());

-- One row for each file outside the database that remembers how far it has come: a copy that is older does not know
-- what the file knows.
CREATE TABLE witness (
    id TEXT PRIMARY KEY,
    mark BIGINT NOT NULL
);

-- Raised in the transaction of every change to any order, and beyond all that was used when the database was put back
-- from a copy. One row, so that it is read and raised in commit order: a maximum over orders or a sequence would not be.
CREATE TABLE order_clock (
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    value BIGINT NOT NULL
);

INSERT INTO order_clock (singleton, value) VALUES (1, 0);

CREATE TABLE sealed_secret (
    name TEXT PRIMARY KEY,
    sealed TEXT NOT NULL
);

CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    alg TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT
);
-- Two programs that rotate at once: one of them loses.
CREATE UNIQUE INDEX signing_key_one_active ON signing_key (alg) WHERE state = 'active';
CREATE UNIQUE INDEX signing_key_one_next ON signing_key (alg) WHERE state = 'next';

-- The path holds the codes from the root down. A parent never changes, so neither does a path.
CREATE TABLE territory (
    code TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    parent TEXT REFERENCES territory (code),
    path TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    source_key TEXT NOT NULL,
    login TEXT NOT NULL,
    login_name TEXT NOT NULL UNIQUE,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT,
    way_in TEXT NOT NULL CHECK (way_in IN ('local', 'federated_only')),
    number BIGINT NOT NULL,
    disabled_at BIGINT,
    forced_level TEXT CHECK (forced_level IN ('change', 'recover')),
    -- When the password was chosen, under which order clock, and what authorised it; none before there is one. Here and not beside the
    -- hash: everybody's is counted.
    chosen_at BIGINT,
    chosen_under BIGINT,
    proof TEXT CHECK (proof IN ('code', 'old_password')),
    code_issue BIGINT NOT NULL,
    code_issued_at BIGINT,
    code_issued_under BIGINT,
    code_printed_under BIGINT,
    -- The code on the last slip: under which key (empty: the deployment's), of which epoch, which issue. A code that is alive and is
    -- not this one has not been printed, and nobody was handed it.
    slip_key TEXT,
    slip_epoch BIGINT,
    slip_issue BIGINT,
    slip_printed_at BIGINT,
    slip_handed_at BIGINT,
    slip_handed_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (source, source_key),
    CHECK ((chosen_at IS NULL) = (chosen_under IS NULL) AND (chosen_at IS NULL) = (proof IS NULL))
);
-- What the preview of an order counts of everybody, in the order of ids: it reads no rows.
CREATE INDEX account_counted ON account (id, way_in, email, chosen_at, proof);

CREATE TABLE credential (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    phc TEXT NOT NULL,
    weak_at BIGINT,
    compromised_at BIGINT
);

-- Open during [began, ended) in order-clock numbers.
CREATE TABLE affiliation (
    account_id TEXT NOT NULL REFERENCES account (id),
    path TEXT NOT NULL,
    profile TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX affiliation_account ON affiliation (account_id);
CREATE INDEX affiliation_path ON affiliation (path, account_id);
CREATE INDEX affiliation_profile ON affiliation (profile, path) WHERE ended IS NULL;
CREATE UNIQUE INDEX affiliation_open ON affiliation (account_id, path, profile) WHERE ended IS NULL;

CREATE TABLE guardianship (
    guardian_id TEXT NOT NULL REFERENCES account (id),
    pupil_id TEXT NOT NULL REFERENCES account (id),
    PRIMARY KEY (guardian_id, pupil_id)
);
CREATE INDEX guardianship_pupil ON guardianship (pupil_id);

CREATE TABLE operator_role (
    account_id TEXT NOT NULL REFERENCES account (id),
    role TEXT NOT NULL,
    path TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX operator_role_path ON operator_role (path, account_id, role) WHERE ended IS NULL;
CREATE UNIQUE INDEX operator_role_open ON operator_role (account_id, role, path) WHERE ended IS NULL;

-- Roles that wait for a second operator. Ended: given, refused, or asked for anew.
CREATE TABLE pending_role (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    role TEXT NOT NULL,
    path TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    approved_by TEXT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX pending_role_open ON pending_role (account_id, role, path) WHERE ended_at IS NULL;
CREATE INDEX pending_role_path ON pending_role (path, requested_at) WHERE ended_at IS NULL;

-- Second factors of operators.
CREATE TABLE factor (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('list', 'totp')),
    -- What an app holds as well.
    sealed TEXT,
    -- The last step of time whose digits were accepted: none is accepted twice.
    last_step BIGINT,
    enrolled_at BIGINT NOT NULL
);
CREATE INDEX factor_account ON factor (account_id);
-- Passkeys, of which somebody may have several, will not be among these.
CREATE UNIQUE INDEX factor_single ON factor (account_id) WHERE kind IN ('list', 'totp');

-- Codes that stand in for a factor or give leave to enrol one, under a keyed hash. Used, they are gone.
CREATE TABLE spare_code (
    account_id TEXT NOT NULL REFERENCES account (id),
    tag TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('enrolment', 'factor')),
    expires_at BIGINT,
    PRIMARY KEY (account_id, tag)
);

CREATE TABLE reset_order (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('change', 'recover')),
    path TEXT NOT NULL,
    profiles TEXT NOT NULL,
    exclusions TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    scheduled_at BIGINT NOT NULL,
    deadline BIGINT,
    -- When it was put forward, and the people whom it covered then; no number where nobody counted.
    submitted_at BIGINT,
    covered BIGINT,
    -- When its people were last counted again before it begins.
    looked_at BIGINT,
    -- 1 for an order of which a draft for the next year is written.
    repeats BIGINT,
    -- The number it drew when it came into force, and the instant.
    clock BIGINT UNIQUE,
    in_force_at BIGINT,
    hardened_at BIGINT,
    closed_at BIGINT,
    cancelled_at BIGINT,
    -- How long its codes live from when it begins, where somebody chose; else it is the setting of that day.
    code_lifetime BIGINT,
    codes_expire_at BIGINT NOT NULL,
    -- The key of its codes, sealed, absent once they have expired.
    sealed_code_key TEXT,
    created_at BIGINT NOT NULL
);
-- Everything that mints asks whether an order has just fallen due.
CREATE INDEX reset_order_scheduled ON reset_order (scheduled_at) WHERE state = 'scheduled';

-- An author's orders of a day count together.
CREATE INDEX reset_order_author ON reset_order (author, submitted_at) WHERE submitted_at IS NOT NULL;

-- What a second person is asked for. Ended: approved, sent back, or fallen because the order changed.
CREATE TABLE order_approval (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES reset_order (id),
    wish TEXT NOT NULL CHECK (wish IN ('issue', 'cancel')),
    -- Of all that is approved.
    digest TEXT NOT NULL,
    covered BIGINT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    approved_by TEXT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX order_approval_open ON order_approval (order_id) WHERE ended_at IS NULL;
CREATE INDEX order_approval_order ON order_approval (order_id, requested_at);

-- How far an order had got when it was counted last, and who counts it until when.
CREATE TABLE order_count (
    order_id TEXT PRIMARY KEY REFERENCES reset_order (id),
    as_of BIGINT,
    took BIGINT,
    -- For how many the gate would open if it were lifted, and for how many the old password the change page.
    opened BIGINT,
    opened_change_page BIGINT,
    held_until BIGINT NOT NULL
);

-- By school, or by the place itself above schools. Somebody at two schools is counted at both.
CREATE TABLE order_progress (
    order_id TEXT NOT NULL REFERENCES reset_order (id),
    path TEXT NOT NULL,
    profile TEXT NOT NULL,
    covered BIGINT NOT NULL,
    bound BIGINT NOT NULL,
    done BIGINT NOT NULL,
    printed BIGINT NOT NULL,
    -- Why and how many are spared: `operator=3,never-activated=12`.
    spared TEXT NOT NULL,
    PRIMARY KEY (order_id, path, profile)
);

-- Everybody, over time.
CREATE TABLE order_point (
    order_id TEXT NOT NULL REFERENCES reset_order (id),
    at BIGINT NOT NULL,
    covered BIGINT NOT NULL,
    bound BIGINT NOT NULL,
    done BIGINT NOT NULL,
    printed BIGINT NOT NULL,
    spared TEXT NOT NULL,
    PRIMARY KEY (order_id, at)
);

-- What each relying party was told of an order, as it was counted last: notices are forgotten, the report is not.
CREATE TABLE order_told (
    order_id TEXT NOT NULL REFERENCES reset_order (id),
    client_id TEXT NOT NULL,
    delivered BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (order_id, client_id)
);

-- Requests that carried a key: the same one twice is one act.
CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    object TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE client (
    id TEXT PRIMARY KEY,
    -- Pairwise subjects hang from it: it never changes.
    sector TEXT NOT NULL,
    metadata TEXT NOT NULL,
    -- Of the metadata, for statements that write notices.
    backchannel_logout_uri TEXT,
    -- Of the metadata: the account that it acts for, if it acts for itself.
    operator_id TEXT,
    declared_in TEXT NOT NULL CHECK (declared_in IN ('configuration', 'database')),
    created_at BIGINT NOT NULL
);

-- Rows of the same sign-in: account_number, epoch and clock are the session's and are never drawn anew.
CREATE TABLE token_grant (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    client_id TEXT NOT NULL,
    -- Single use of an authorization code has its last word here. None where a client acts for itself.
    code_hash TEXT UNIQUE,
    scope TEXT NOT NULL,
    nonce TEXT,
    -- What relying parties were told. None where a client acts for itself.
    sid TEXT,
    -- The session it ends with: the same, until the same person signs in again in the same browser.
    session TEXT,
    account_number BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    clock BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    -- When a second factor was shown.
    factor_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX token_grant_account ON token_grant (account_id);
CREATE INDEX token_grant_session ON token_grant (session);
CREATE INDEX token_grant_expiry ON token_grant (expires_at);

CREATE TABLE access_token (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES token_grant (id),
    scope TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_token_grant ON access_token (grant_id);
CREATE INDEX access_token_expiry ON access_token (expires_at);

CREATE TABLE refresh_token (
    hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES token_grant (id),
    issued_at BIGINT NOT NULL,
    -- When a public client exchanged it for the next one. Coming back after that, it revokes the family.
    rotated_at BIGINT
);
CREATE INDEX refresh_token_grant ON refresh_token (grant_id);

-- Assertions by which clients said who they are: each is used once, and this is the last word on it. Kept until nobody
-- takes them for fresh any more.
CREATE TABLE used_assertion (
    client_id TEXT NOT NULL,
    jti_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti_hash)
);
CREATE INDEX used_assertion_expiry ON used_assertion (expires_at);

-- Signed out, or handed over to somebody else, before their time. Kept until they would have ended by themselves.
CREATE TABLE ended_session (
    sid TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_session_expiry ON ended_session (expires_at);

-- What relying parties and people are to be told, written with what causes it: one row for a session that a relying party
-- was given, and one for a person with an address.
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('logout', 'changed', 'change_asked', 'voided', 'code_issued', 'order_returned')),
    -- The act or the order.
    cause TEXT NOT NULL,
    -- Empty for mail, which is all sent by one server.
    client_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    -- Of mail the account.
    sid TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    -- When it is to be sent, or sent again; while somebody sends it, when others may; none once it is delivered or parked.
    due_at BIGINT,
    attempts BIGINT NOT NULL,
    failure TEXT,
    delivered_at BIGINT,
    parked_at BIGINT,
    UNIQUE (cause, client_id, sid)
);
CREATE INDEX notice_due ON notice (client_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notice_delivered ON notice (delivered_at) WHERE delivered_at IS NOT NULL;
CREATE INDEX notice_parked ON notice (parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX notice_failed ON notice (cause, client_id) WHERE parked_at IS NOT NULL;
CREATE INDEX notice_parked_receiver ON notice (client_id) WHERE parked_at IS NOT NULL;

-- How far an order has been told to one relying party, or, where that is empty, to people by mail: the last place and person that were looked at, and until when
-- whoever takes it further may be at it.
CREATE TABLE notice_walk (
    order_id TEXT NOT NULL REFERENCES reset_order (id),
    client_id TEXT NOT NULL,
    path TEXT NOT NULL,
    account_id TEXT NOT NULL,
    held_until BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (order_id, client_id)
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    -- Where the role holds that allowed it.
    territory TEXT,
    act TEXT NOT NULL,
    object TEXT NOT NULL,
    count BIGINT,
    reason TEXT,
    address TEXT,
    request_id TEXT,
    -- Its place in the chain and its tag, once it was sealed.
    place BIGINT,
    tag TEXT
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_object ON audit (object, at);
CREATE UNIQUE INDEX audit_place ON audit (place) WHERE place IS NOT NULL;
-- Whom an author shut out within a day counts together with the author's orders.
CREATE INDEX audit_shut_out ON audit (actor, at) WHERE act IN ('password.force', 'account.disable', 'code.issue');
CREATE INDEX audit_alarm ON audit (at) WHERE act = 'break_glass';
CREATE INDEX audit_unsealed ON audit (at, id) WHERE place IS NULL;

-- The end of the chain: whoever moves it seals.
CREATE TABLE audit_head (
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    place BIGINT NOT NULL,
    tag TEXT NOT NULL
);
INSERT INTO audit_head (singleton, place, tag) VALUES (1, 0, '');

-- Where the chain begins, once its oldest lines were removed for their age.
CREATE TABLE audit_cut (
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    place BIGINT NOT NULL,
    tag TEXT NOT NULL,
    at BIGINT NOT NULL,
    seal TEXT NOT NULL
);

-- Claims that expire. Whatever is taken from here, the gate is asked again.
CREATE TABLE ephemeral (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX ephemeral_expiry ON ephemeral (expires_at);

CREATE TABLE throttle (
    key TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    window_began_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX throttle_expiry ON throttle (expires_at);

-- The import that the tables below belong to. A later one takes them over, and the earlier one stops at its next batch.
CREATE TABLE import_run (
    singleton BIGINT PRIMARY KEY CHECK (singleton = 1),
    id TEXT NOT NULL
);

-- A file under import: checked here as a whole before any account is touched. `account_id` is for whoever has no account
-- yet. Guardians have their turn after the others, as they are placed where their pupils are.
CREATE TABLE import_row (
    line BIGINT PRIMARY KEY,
    turn BIGINT NOT NULL,
    account_id TEXT NOT NULL,
    source TEXT NOT NULL,
    source_key TEXT NOT NULL,
    login TEXT NOT NULL,
    login_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT,
    profile TEXT NOT NULL
);
CREATE INDEX import_row_key ON import_row (source, source_key);

CREATE TABLE import_place (
    line BIGINT NOT NULL,
    path TEXT NOT NULL
);
CREATE INDEX import_place_line ON import_place (line);

CREATE TABLE import_pupil (
    line BIGINT NOT NULL,
    pupil_key TEXT NOT NULL
);
CREATE INDEX import_pupil_line ON import_pupil (line);

-- Lines with an error whose identity could be read: others may speak of them.
CREATE TABLE import_refused (
    line BIGINT NOT NULL,
    source TEXT NOT NULL,
    source_key TEXT NOT NULL
);
CREATE INDEX import_refused_key ON import_refused (source, source_key);
