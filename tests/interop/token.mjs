// Writes the token that a program is given for these scopes: for what tries the operator API. It counts as a second factor that was just
// shown, for five minutes.

import * as client from 'openid-client';

import { program } from './program.mjs';

const [id, scope] = process.argv.slice(2);
const tokens = await client.clientCredentialsGrant(await program(id), { scope });
process.stdout.write(tokens.access_token);
