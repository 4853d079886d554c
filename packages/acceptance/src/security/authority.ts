import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ellipticKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A certificate and its key, as PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

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

/** Creates an authority with openssl in a folder, and signs valid and invalid certificates. */
export async function createTestAuthority(folder: string): Promise<TestAuthority> {
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: readonly string[]): Promise<unknown> => run('openssl', [...args], { cwd: folder })
  await writeFile(at('index.txt'), '')
  await writeFile(at('serial'), '1000\n')
  await writeFile(at('crlnumber'), '1000\n')
  await writeFile(at('ca.conf'), configuration)
  await openssl(
    ...['req', '-x509', ...ellipticKey, '-days', '2', '-subj', '/CN=Antiphon test authority'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ...['-keyout', 'ca.key', '-out', 'ca.crt'],
  )
  const sign = async (name: string, extensions: string, dates: readonly string[]): Promise<Identity> => {
    await openssl(
      'req',
      ...ellipticKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    await openssl(
      ...['ca', '-batch', '-config', 'ca.conf', '-notext', '-extensions', extensions],
      ...[...dates, '-in', `${name}.csr`, '-out', `${name}.crt`],
    )
    return { cert: await readFile(at(`${name}.crt`), 'utf8'), key: await readFile(at(`${name}.key`), 'utf8') }
  }
  const server = await sign('localhost', 'server', [])
  const good = await sign('good', 'client', [])
  const expired = await sign('expired', 'client', [
    '-startdate',
    '20200101000000Z',
    '-enddate',
    '20200102000000Z',
  ])
  const revoked = await sign('revoked', 'client', [])
  await openssl('ca', '-config', 'ca.conf', '-revoke', 'revoked.crt')
  await openssl('ca', '-config', 'ca.conf', '-gencrl', '-out', 'revoked.pem')
  const [ca, crl] = await Promise.all([readFile(at('ca.crt'), 'utf8'), readFile(at('revoked.pem'), 'utf8')])
  return { ca, crl, server, good, expired, revoked }
}

const configuration = `
[ca]
default_ca = test
[test]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = anything
unique_subject = no
[anything]
commonName = supplied
[server]
subjectAltName = DNS:localhost
[client]
extendedKeyUsage = clientAuth
`
