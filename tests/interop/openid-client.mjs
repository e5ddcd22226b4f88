// openid-client, as published: sign-in, userinfo, refresh, the signal on each surface, the change, sign-out.

import assert from 'node:assert/strict';
import { execSync } from 'node:child_process';

import * as client from 'openid-client';

import { Browser } from './browser.mjs';
import { orSignal } from './or-signal.mjs';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, LOGIN, PASSWORD, NEW_PASSWORD, CLOSE_GATE } = process.env;
const { REDIRECT_URI, POST_LOGOUT_REDIRECT_URI } = process.env;
const REQUIRED = `${ISSUER}/errors/password_change_required`;

const person = { login: LOGIN, password: PASSWORD, newPassword: NEW_PASSWORD };
const browser = new Browser(ISSUER, [REDIRECT_URI, POST_LOGOUT_REDIRECT_URI]);
// Named, because this library's default is client_secret_post, and the client is registered for the standard's.
const authentication = client.ClientSecretBasic(CLIENT_SECRET);
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, {
  // The demo's provider is on the loopback interface, without TLS.
  execute: ISSUER.startsWith('http:') ? [client.allowInsecureRequests] : [],
});

let tokens = await signIn();
const { sub } = tokens.claims();
console.log(`ok  signed in; id token of ${sub}`);

const claims = await client.fetchUserInfo(config, tokens.access_token, sub);
assert.equal(claims.sub, sub);
assert.ok(claims.name, 'userinfo has no name');
console.log(`ok  userinfo says ${claims.name}`);

const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
assert.ok(renewed.access_token);
console.log('ok  refreshed');
const refreshToken = renewed.refresh_token ?? tokens.refresh_token;

execSync(CLOSE_GATE, { stdio: ['ignore', 'ignore', 'inherit'] });

await refused(client.refreshTokenGrant(config, refreshToken), (error) => {
  assert.ok(error instanceof client.ResponseBodyError);
  assert.equal(error.error, 'invalid_grant');
  assert.equal(error.cause.error_uri, REQUIRED);
  assert.equal(error.cause.ecluse_interaction, 'password_change_required');
  assert.match(error.error_description, /^password_change_required:/);
});
console.log('ok  refresh refused, with the signal');

await refused(client.fetchUserInfo(config, renewed.access_token, sub), (error) => {
  assert.ok(error instanceof client.WWWAuthenticateChallengeError);
  assert.equal(error.status, 401);
  assert.equal(error.cause[0].parameters.error, 'invalid_token');
  assert.equal(error.cause[0].parameters.error_uri, REQUIRED);
});
console.log('ok  userinfo refused, with the signal');

await refused(signIn({ prompt: 'none' }), (error) => {
  assert.ok(error instanceof client.AuthorizationResponseError);
  assert.equal(error.error, 'interaction_required');
  assert.equal(error.cause.get('error_uri'), REQUIRED);
});
console.log('ok  prompt=none refused, with the signal');

assert.equal(await orSignal(client.refreshTokenGrant(config, refreshToken)), 'change_required');
assert.equal(await orSignal(client.fetchUserInfo(config, renewed.access_token, sub)), 'change_required');
assert.equal(await orSignal(signIn({ prompt: 'none' })), 'change_required');
person.givesUp = true;
assert.equal(await orSignal(signIn()), 'change_declined');
person.givesUp = false;
console.log('ok  ten lines tell apart who must change and who gave up');

tokens = await signIn();
person.password = NEW_PASSWORD;
assert.equal(tokens.claims().sub, sub, 'the subject changed with the password');
console.log('ok  changed the password on the provider, and came back signed in as the same subject');

await refused(client.refreshTokenGrant(config, refreshToken), (error) => {
  assert.equal(error.error, 'invalid_grant');
  assert.equal(error.cause.error_uri, undefined);
});
console.log('ok  the old refresh token is dead, without the signal');

const after = await client.fetchUserInfo(config, tokens.access_token, sub);
assert.equal(after.sub, sub);

const state = client.randomState();
const door = await browser.goAsFarAsPossible(
  client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: POST_LOGOUT_REDIRECT_URI,
    state,
  }),
  person,
);
assert.equal(`${door.origin}${door.pathname}`, POST_LOGOUT_REDIRECT_URI);
assert.equal(door.searchParams.get('state'), state);
await refused(signIn({ prompt: 'none' }), (error) => assert.equal(error.error, 'login_required'));
console.log('ok  signed out');

async function signIn(extra = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email ent offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...extra,
  });
  const door = await browser.goAsFarAsPossible(url, person);
  return client.authorizationCodeGrant(config, door, {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
  });
}

async function refused(promise, check) {
  const error = await promise.then(
    () => assert.fail('this should have been refused'),
    (error) => error,
  );
  if (error instanceof assert.AssertionError) throw error;
  check(error);
}
