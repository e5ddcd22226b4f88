// openid-client, as published: a program that proves itself with its key.

import { readFileSync } from 'node:fs';
import { createPrivateKey, webcrypto } from 'node:crypto';

import * as client from 'openid-client';

const { ISSUER } = process.env;

/** The program that is registered under this id with the key for ES256. */
export async function program(id) {
  const pkcs8 = createPrivateKey(readFileSync('robot.ec.pem')).export({ type: 'pkcs8', format: 'der' });
  const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  return client.discovery(new URL(ISSUER), id, undefined, client.PrivateKeyJwt({ key, kid: 'ec' }), {
    execute: ISSUER.startsWith('http:') ? [client.allowInsecureRequests] : [],
  });
}
