// openid-client, as published: a program that acts for itself.

import assert from 'node:assert/strict';

import * as client from 'openid-client';

import { program } from './program.mjs';

const config = await program('robot');
const tokens = await client.clientCredentialsGrant(config, { scope: 'orders:read' });
assert.equal(tokens.scope, 'orders:read');
assert.equal(tokens.refresh_token, undefined);
const told = await client.tokenIntrospection(config, tokens.access_token);
assert.deepEqual([told.active, told.client_id, told.scope], [true, 'robot', 'orders:read']);
await client.tokenRevocation(config, tokens.access_token);
assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
console.log('ok  a program was given a token by private_key_jwt, asked about it and gave it back');
