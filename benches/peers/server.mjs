// node-oidc-provider, with the clients, people and answers that Écluse is measured with. What is kept is kept in memory:
// nothing is written to any disk, and nothing is lost sooner than it expires.
//
// GET /codes?client=ID&number=N makes that many authorization codes, as a sign-in leaves them behind.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, secret, verifier] = process.argv.slice(2);
const redirectUri = 'http://127.0.0.1:9999/callback';
const scope = 'openid profile email ent offline_access';

class Memory {
  static kept = new Map();

  static grants = new Map();

  constructor(name) {
    this.name = name;
  }

  key(id) {
    return `${this.name}:${id}`;
  }

  async upsert(id, payload) {
    Memory.kept.set(this.key(id), payload);
    if (payload.grantId) {
      const keys = Memory.grants.get(payload.grantId) ?? [];
      keys.push(this.key(id));
      Memory.grants.set(payload.grantId, keys);
    }
  }

  async find(id) {
    return Memory.kept.get(this.key(id));
  }

  async findByUid() {
    return undefined;
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    Memory.kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Memory.kept.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of Memory.grants.get(grantId) ?? []) Memory.kept.delete(key);
    Memory.grants.delete(grantId);
  }
}

const jwk = (pair, alg) => ({ ...pair.privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Memory,
  clients: ['RS256', 'ES256'].map((algorithm) => ({
    client_id: algorithm,
    client_secret: secret,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: algorithm,
    scope,
  })),
  jwks: {
    keys: [
      jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'),
      jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'),
    ],
  },
  scopes: ['openid', 'offline_access', 'ent'],
  claims: {
    openid: ['sub'],
    profile: ['name', 'given_name', 'family_name', 'preferred_username'],
    email: ['email'],
    ent: ['ent_affiliations'],
  },
  features: { introspection: { enabled: true }, devInteractions: { enabled: false } },
  routes: { token: '/token', introspection: '/introspect', userinfo: '/userinfo' },
  cookies: { keys: [secret] },
  ttl: { AccessToken: 600, AuthorizationCode: 600, IdToken: 600, RefreshToken: 30 * 86400, Grant: 30 * 86400 },
  async findAccount(_, sub) {
    const person = {
      sub,
      name: 'Lina Valombre',
      given_name: 'Lina',
      family_name: 'Valombre',
      preferred_username: sub,
      email: `${sub}@mail.example`,
      ent_affiliations: [{ profile: 'National_ELV', uai: '0860001J', classes: ['6A'] }],
    };
    return { accountId: sub, claims: async () => person };
  },
});

async function code(client, accountId) {
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const made = new provider.AuthorizationCode({
    client,
    accountId,
    grantId: await grant.save(),
    redirectUri,
    scope,
    nonce: 'n-0S6_WzA2Mj',
    authTime: Math.floor(Date.now() / 1000),
    codeChallenge: createHash('sha256').update(verifier).digest('base64url'),
    codeChallengeMethod: 'S256',
    claims: {},
  });
  return made.save();
}

const serve = provider.callback();
createServer(async (request, response) => {
  if (request.url === '/readyz') return response.end();
  if (!request.url.startsWith('/codes')) return serve(request, response);
  const asked = new URL(request.url, 'http://localhost').searchParams;
  const client = await provider.Client.find(asked.get('client'));
  const codes = [];
  for (let number = 0; number < Number(asked.get('number')); number += 1) {
    codes.push(await code(client, `person${number % 1000}`));
  }
  const body = JSON.stringify(codes);
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  return response.end(body);
}).listen(Number(port), '127.0.0.1');
