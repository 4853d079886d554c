import { createAuthority, type Identity } from '@antiphon/workshop/certificates'

/** A certificate authority with valid, expired and revoked certificates. */
export interface TestAuthority {
  readonly ca: string
  /** The revocation list, which contains `revoked`. */
  readonly crl: string
  readonly server: Identity
  readonly good: Identity
  readonly expired: Identity
  readonly revoked: Identity
}

/** Creates an authority, and signs valid and invalid certificates. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const { cert, issue, revocationList } = await createAuthority()
  const client = (commonName: string): Promise<Identity> => issue({ commonName, usage: 'client' })
  const revoked = await client('revoked')
  return {
    ca: cert,
    crl: await revocationList([revoked]),
    server: await issue({ commonName: 'localhost', usage: 'server', hosts: ['localhost'] }),
    good: await client('good'),
    expired: await issue({
      commonName: 'expired',
      usage: 'client',
      validity: [Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2)],
    }),
    revoked,
  }
}
