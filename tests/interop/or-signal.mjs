// What docs/relying-parties.md tells JavaScript developers to write.

const { ISSUER } = process.env;

export async function orSignal(promise) {
  try {
    return await promise; // authorizationCodeGrant, refreshTokenGrant or fetchUserInfo
  } catch (error) {
    const uri = error.cause?.get?.('error_uri') ?? error.cause?.error_uri ?? error.cause?.[0]?.parameters?.error_uri;
    if (uri === `${ISSUER}/errors/password_change_required`) return 'change_required';
    if (uri === `${ISSUER}/errors/password_change_declined`) return 'change_declined';
    throw error;
  }
}
