import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { foreignCommand } from './foreign.js'

/** A certificate and its key, as PEM and as files. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
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

const run = promisify(execFile)
const ellipticKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Creates an authority, a server certificate and client certificates with openssl in a temporary folder. */
export async function makeCertificates({ clients = [] }: CertificateOptions = {}): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-certificates-'))
  const openssl = foreignCommand('openssl') ?? 'openssl'
  const at = (name: string): string => join(folder, name)

  const pair = async (name: string): Promise<KeyPair> => {
    const [certFile, keyFile] = [at(`${name}.crt`), at(`${name}.key`)]
    return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8'), certFile, keyFile }
  }
  const sign = async (file: string, commonName: string, extensions: string): Promise<KeyPair> => {
    const subject = `/CN=${commonName.replaceAll('/', '\\/')}`
    await writeFile(at(`${file}.ext`), extensions)
    await run(openssl, [
      'req',
      ...ellipticKey,
      '-subj',
      subject,
      '-keyout',
      at(`${file}.key`),
      '-out',
      at(`${file}.csr`),
    ])
    await run(openssl, [
      ...['x509', '-req', '-in', at(`${file}.csr`), '-days', '2', '-extfile', at(`${file}.ext`)],
      ...['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-out', at(`${file}.crt`)],
    ])
    return pair(file)
  }

  await run(openssl, [
    ...['req', '-x509', ...ellipticKey, '-days', '2', '-subj', '/CN=Antiphon test authority'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
    ...['-keyout', at('ca.key'), '-out', at('ca.crt')],
  ])
  const server = await sign('server', 'localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  const signed: Record<string, KeyPair> = {}
  for (const [index, name] of clients.entries()) {
    signed[name] = await sign(`client-${index}`, name, 'extendedKeyUsage=clientAuth')
  }
  return {
    ca: await readFile(at('ca.crt'), 'utf8'),
    caFile: at('ca.crt'),
    server,
    clients: signed,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
