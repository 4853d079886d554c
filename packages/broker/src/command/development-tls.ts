import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** A certificate of this machine for development, and the files that contain it. */
export interface DevelopmentTls {
  /** The certificate of the server and its private key, as PEM. */
  readonly cert: string
  readonly key: string
  /** The files of the certificate and the key. */
  readonly certFile: string
  readonly keyFile: string
  /** The certificate of the authority that clients have to trust, as PEM, and its file. */
  readonly ca: string
  readonly caFile: string
  /** How to trust the authority, in lines for the user. */
  readonly instructions: readonly string[]
}

const day = 86_400_000
const validity = 365 * day
const hosts = ['localhost', '127.0.0.1', '::1']

/**
 * Returns a certificate for `localhost`, `127.0.0.1` and `::1`, which is created on the first call and kept in a directory of
 * the user, so that clients have to trust it once. It is replaced a day before it expires.
 *
 * The key of its authority is not stored: a program that reads the directory can pose as this machine, but as no other.
 */
export async function developmentTls(
  directory: string = join(homedir(), '.antiphon', 'dev-tls'),
): Promise<DevelopmentTls> {
  const stored = await readFiles(directory)
  const files = stored !== undefined && isUsable(stored.cert) ? stored : await create(directory)
  const caFile = join(directory, 'ca.crt')
  const certFile = join(directory, fileNames.cert)
  const keyFile = join(directory, fileNames.key)
  return { ...files, certFile, keyFile, caFile, instructions: instructionsFor(files.cert, caFile) }
}

interface Files {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

const fileNames = { ca: 'ca.crt', cert: 'localhost.crt', key: 'localhost.key' } as const

async function readFiles(directory: string): Promise<Files | undefined> {
  const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8')
  try {
    return { ca: await read(fileNames.ca), cert: await read(fileNames.cert), key: await read(fileNames.key) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isUsable(cert: string): boolean {
  try {
    return Date.parse(new X509Certificate(cert).validTo) - Date.now() > day
  } catch {
    return false
  }
}

/** Creates the files in a new directory and renames it, so that another process never reads a part of them. */
async function create(directory: string): Promise<Files> {
  // Loads a library that only this option needs.
  const { createAuthority } = await import('../certificates/certificate-authority.js')
  const now = Date.now()
  const period = [now - 3_600_000, now + validity] as const
  const authority = await createAuthority('Antiphon development authority', period)
  const server = { commonName: 'localhost', usage: 'server', hosts, validity: period } as const
  const files: Files = { ca: authority.cert, ...(await authority.issue(server)) }
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 })
  const draft = await mkdtemp(`${directory}-`)
  for (const [name, text] of Object.entries(files) as [keyof Files, string][])
    await writeFile(join(draft, fileNames[name]), text, { mode: name === 'key' ? 0o600 : 0o644 })
  await rm(directory, { recursive: true, force: true })
  try {
    await rename(draft, directory)
    return files
  } catch (error) {
    // Another process has created the directory meanwhile; its certificate is as good.
    const others = await readFiles(directory)
    await rm(draft, { recursive: true, force: true })
    if (others === undefined) throw error
    return others
  }
}

function instructionsFor(cert: string, caFile: string): readonly string[] {
  const expiry = new Date(new X509Certificate(cert).validTo).toISOString().slice(0, 10)
  return [
    `TLS certificate for ${hosts.join(', ')}, for development only, until ${expiry}`,
    'to trust it:',
    `  Node.js            NODE_EXTRA_CA_CERTS=${caFile}`,
    `  mosquitto_pub/sub  --cafile ${caFile}`,
    `  paho (Python)      client.tls_set(ca_certs="${caFile}")`,
    `  browsers           import ${caFile} as an authority for websites`,
  ]
}
