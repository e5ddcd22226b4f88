// openid-client, as published: a program that acts for itself and proves itself with its key.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createPrivateKey, webcrypto } from 'node:crypto';

import * as client from 'openid-client';

const { ISSUER } = process.env;
const pkcs8 = createPrivateKey(readFileSync('robot.ec.pem')).export({ type: 'pkcs8', format: 'der' });
const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
const config = await client.discovery(new URL(ISSUER), 'robot', undefined, client.PrivateKeyJwt({ key, kid: 'ec' }), {
  execute: ISSUER.startsWith('http:') ? [client.allowInsecureRequests] : [],
});

const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read' });
assert.equal(tokens.scope, 'orders:read');
assert.equal(tokens.refresh_token, undefined);
const told = await client.tokenIntrospection(config, tokens.access_token);
assert.deepEqual([told.active, told.client_id, told.scope], [true, 'robot', 'orders:read']);
await client.tokenRevocation(config, tokens.access_token);
assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
console.log('ok  a program was given a token by private_key_jwt, asked about it and gave it back');
