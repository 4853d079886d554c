import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, type Identity } from '@antiphon/broker/certificates'

export { createAuthority }
export type { CertificateAuthority, CertificateContent, Identity } from '@antiphon/broker/certificates'

/** A certificate and its key, as PEM and as files. */
export interface KeyPair extends Identity {
  readonly certFile: string
  readonly keyFile: string
}

/** Options of the certificates. */
export interface CertificateOptions {
  /** Common names of client certificates. */
  readonly clients?: readonly string[]
}

/** A certificate authority for one test, with the certificates that it signed. */
export interface Certificates {
  /** The authority's certificate. */
  readonly ca: string
  readonly caFile: string
  /** The server certificate for `localhost` and `127.0.0.1`. */
  readonly server: KeyPair
  /** The client certificates by common name. */
  readonly clients: Readonly<Record<string, KeyPair>>
  /** Deletes the folder of the files. */
  readonly remove: () => Promise<void>
}

/** Creates an authority, a server certificate and client certificates, and writes them to a temporary folder. */
export async function makeCertificates({ clients = [] }: CertificateOptions = {}): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-certificates-'))
  const write = async (name: string, content: string): Promise<string> => {
    const file = join(folder, name)
    await writeFile(file, content, { mode: 0o600 })
    return file
  }
  const save = async (name: string, { cert, key }: Identity): Promise<KeyPair> => ({
    cert,
    key,
    certFile: await write(`${name}.crt`, cert),
    keyFile: await write(`${name}.key`, key),
  })

  const authority = await createAuthority()
  const server = { commonName: 'localhost', usage: 'server', hosts: ['localhost', '127.0.0.1'] } as const
  const signed: Record<string, KeyPair> = {}
  for (const [index, commonName] of clients.entries()) {
    signed[commonName] = await save(`client-${index}`, await authority.issue({ commonName, usage: 'client' }))
  }
  return {
    ca: authority.cert,
    caFile: await write('ca.crt', authority.cert),
    server: await save('server', await authority.issue(server)),
    clients: signed,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
