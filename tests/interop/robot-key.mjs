// Makes the key pairs of a program, one for each library: the private keys for the programs of this folder, the public ones to
// be registered.

import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const made = [
  { kid: 'ec', alg: 'ES256', pair: generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  { kid: 'rsa', alg: 'RS256', pair: generateKeyPairSync('rsa', { modulusLength: 2048 }) },
];
const keys = made.map(({ kid, alg, pair }) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }));
writeFileSync('robot.jwks.json', JSON.stringify({ keys }));
for (const { kid, pair } of made) {
  writeFileSync(`robot.${kid}.pem`, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}
